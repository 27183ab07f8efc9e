//! How much of everything there may be. A flow comes from a tenant and its inputs from strangers; these bounds are
//! what keeps a step short whatever they contain.

/// Nodes in a document. Twilio Studio allows 1,000 states as well.
pub(crate) const NODES: usize = 1_000;
/// Bytes of a node's id, a port's name, a queue's name.
pub(crate) const NAME_BYTES: usize = 128;
/// Bytes of the source of one template.
pub(crate) const TEMPLATE_BYTES: usize = 4_096;
/// Bytes of all templates of a document: what reading one can cost in all.
pub(crate) const TEMPLATES_BYTES: usize = 256 * 1_024;
/// Tags (`{% … %}`) in one template, and thereby how deep blocks can be nested.
pub(crate) const TEMPLATE_TAGS: usize = 64;
/// Bytes of one rendered text, and of every value in the middle of rendering. Twilio says at most 4,096 characters
/// with its basic voices and 3,000 with Polly's (error 13521).
pub(crate) const TEXT_BYTES: usize = 3_000;
/// Bytes of all texts that one step says before what it waits for, which may say two texts more. A TwiML document may
/// have 64 kB (error 11750), and an ampersand becomes five bytes in it.
pub(crate) const STEP_TEXT_BYTES: usize = 6_000;
/// Prompts of one step.
pub(crate) const STEP_PROMPTS: usize = 50;
/// Nodes passed in one step.
pub(crate) const STEP_NODES: usize = 200;
/// What the texts and conditions of the nodes passed in one step may cost, and so those of one node: a unit for each
/// text with values, for each filter and tag in it and for each condition. What a unit can cost at worst, the benchmark
/// `the costliest step` measures.
pub(crate) const STEP_WORK: u32 = 2_000;
/// Units of a regular expression.
pub(crate) const REGEX_WORK: u32 = 20;
/// Inputs of one call. A caller who says nothing is asked every ten seconds or so: these are some hours.
pub(crate) const SESSION_INPUTS: u32 = 1_000;
/// Variables of one call.
pub(crate) const VARIABLES: usize = 64;
/// Bytes of the names and values of all variables of all flows that a call is in. They are what makes a session large.
pub(crate) const VARIABLES_BYTES: usize = 70_000;
/// Bytes of one variable, and of what is kept of the caller's keys, words and name.
pub(crate) const VALUE_BYTES: usize = 1_024;
/// Answers of the server (figures, contacts, flows, requests) in a row without a word of the caller.
pub(crate) const ANSWERS: u32 = 50;
/// Flows that wait for another to return.
pub(crate) const FLOWS_DEEP: usize = 8;
/// `loop` nodes of one flow that are under way at the same time.
pub(crate) const LOOPS: usize = 32;
/// Problems that one step tells.
pub(crate) const STEP_PROBLEMS: usize = 200;
/// Effects of one step, and of one call.
pub(crate) const STEP_EFFECTS: usize = 20;
pub(crate) const SESSION_EFFECTS: u32 = 100;
/// Secrets that wait for one request.
pub(crate) const SECRETS: usize = 16;
/// Headers of a request.
pub(crate) const HEADERS: usize = 20;
/// Bytes of a request's address, and of one header's value.
pub(crate) const ADDRESS_BYTES: usize = 2_048;
/// Bytes of a request's body.
pub(crate) const BODY_BYTES: usize = 16 * 1_024;
/// Bytes of a text message: ten parts of 160.
pub(crate) const SMS_BYTES: usize = 1_600;
/// How often one that asks by itself (a callback's number) asks again.
pub(crate) const OWN_RETRIES: u32 = 2;
/// Lines of a scripted call, and expectations of a test.
pub(crate) const SCRIPT: usize = 500;
pub(crate) const EXPECTATIONS: usize = 200;
/// Bytes of a canned answer.
pub(crate) const ANSWER_BYTES: usize = 256 * 1_024;
/// Changed fields that are told of one node.
pub(crate) const CHANGED_FIELDS: usize = 100;
/// Choices of a menu, cases of a branch, items of any other list.
pub(crate) const LIST_ITEMS: usize = 100;
/// How deep conditions can be nested.
pub(crate) const PREDICATE_DEPTH: usize = 8;
/// Conditions of one branch.
pub(crate) const PREDICATES: usize = 200;
/// Bytes of the source of a regular expression.
pub(crate) const REGEX_BYTES: usize = 512;
/// Bytes of a compiled regular expression.
pub(crate) const REGEX_COMPILED_BYTES: usize = 256 * 1_024;
/// Regular expressions in a document.
pub(crate) const REGEXES: usize = 50;
/// Dated exceptions of one hours node.
pub(crate) const HOURS_EXCEPTIONS: usize = 400;
/// Findings that are told at once.
pub(crate) const FINDINGS: usize = 500;

/// The beginning of `text` that has at most `bytes` bytes, cut between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
