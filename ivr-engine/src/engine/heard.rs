//! What the caller hears: texts completed, in his language, within the step's budget.

use super::Run;
use crate::node::{Manner, Sound, Text};
use crate::template::{Form, Scope, Template};
use crate::words::Speaks;
use crate::{ProblemCode, Prompt, limits};

impl Run<'_> {
    /// The language in force: the one that the call has chosen, else the flow's.
    pub(super) fn language(&self) -> &str {
        self.session.spoken.as_ref().map_or(&self.flow.language, |spoken| &spoken.language)
    }

    /// The language and the voice of what a node says: its own, else those in force. A voice speaks one language, so the
    /// one in force is not used where the node has another language.
    pub(super) fn manner(&self, own: &Manner) -> (String, Option<String>) {
        let (language, voice) = match &self.session.spoken {
            Some(spoken) => (&spoken.language, &spoken.voice),
            None => (&self.flow.language, &self.flow.voice),
        };
        let voice = match &own.language {
            Some(own) if own != language => &None,
            Some(_) | None => voice,
        };
        let voice = own.voice.as_ref().or(voice.as_ref());
        (own.language.as_ref().unwrap_or(language).clone(), voice.cloned())
    }

    /// Completes a text.
    pub(super) fn render(&mut self, id: &str, template: &Template) -> String {
        self.render_as(id, template, Form::Line)
    }

    pub(super) fn render_as(&mut self, id: &str, template: &Template, form: Form) -> String {
        let rendered = template.render(&Scope::new(&self.session, self.now, self.language()), form);
        if let Some(failure) = rendered.failure {
            self.problem(ProblemCode::TemplateFailed, Some(id), failure);
        }
        rendered.text
    }

    /// A text as a prompt, unless there is nothing to say.
    pub(super) fn said(&mut self, id: &str, text: &Text) -> Option<Prompt> {
        let said = self.render(id, &text.text);
        if said.is_empty() {
            return None;
        }
        let (language, voice) = self.manner(&text.manner);
        Some(Prompt::Say { text: said, language, voice })
    }

    pub(super) fn heard(&mut self, id: &str, sound: &Sound) -> Option<Prompt> {
        match sound {
            Sound::Say(text) => self.said(id, text),
            Sound::Play(url) => Some(Prompt::Play { url: url.clone() }),
            Sound::Library { name, manner } => {
                let (language, voice) = self.manner(manner);
                Some(Prompt::Library { name: name.clone(), language, voice })
            }
        }
    }

    /// The engine's own words, in the language of a node, as far as the engine speaks it.
    pub(super) fn own_words(&self, own: &Manner, words: impl FnOnce(Speaks) -> String) -> Prompt {
        let (wanted, voice) = self.manner(own);
        let speaks = Speaks::of(&wanted);
        let language = speaks.tag(&wanted);
        let voice = if language == wanted { voice } else { None };
        Prompt::Say { text: words(speaks), language, voice }
    }

    /// Adds to what is heard before the step waits, within its budget.
    pub(super) fn prompt(&mut self, id: &str, prompt: Option<Prompt>) {
        let Some(prompt) = prompt else { return };
        let bytes = match &prompt {
            Prompt::Say { text, .. } => text.len(),
            // Bounded by its own room.
            Prompt::Play { .. } | Prompt::Library { .. } => 0,
        };
        if self.prompts.len() < limits::STEP_PROMPTS && self.said + bytes <= limits::STEP_TEXT_BYTES {
            self.said += bytes;
            self.prompts.push(prompt);
        } else if !self.problems.iter().any(|problem| problem.code == ProblemCode::TooMuchText) {
            let message = format!(
                "more than {} bytes or {} prompts one after the other; the rest was left out",
                limits::STEP_TEXT_BYTES,
                limits::STEP_PROMPTS
            );
            self.problem(ProblemCode::TooMuchText, Some(id), message);
        }
    }
}
