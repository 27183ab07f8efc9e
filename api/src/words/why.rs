//! Why a call waits, in words for a supervisor.

use entity::Availability;

use super::{Language, Words};

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody is asked.
    Waiting,
    /// Agents are being asked.
    Offered,
    /// An agent has it, and is being connected.
    Connecting,
    NotWaiting,
}

/// Why another call goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoesFirst {
    Priority,
    Age,
    HeadStart,
}

impl Words {
    pub(crate) fn stands(
        &self,
        standing: Standing,
        queue: &str,
        seconds: i64,
        place: Option<usize>,
    ) -> String {
        let place = place.map_or_else(String::new, |place| self.place(place));
        match (standing, self.language()) {
            (Standing::Waiting, Language::English) => format!("Waits in {queue} for {seconds} s{place}."),
            (Standing::Waiting, Language::Spanish) => {
                format!("Espera en {queue} desde hace {seconds} s{place}.")
            }
            (Standing::Waiting, Language::French) => {
                format!("Attend dans {queue} depuis {seconds} s{place}.")
            }
            (Standing::Waiting, Language::German) => format!("Wartet in {queue} seit {seconds} s{place}."),
            (Standing::Offered, Language::English) => {
                format!("Waits in {queue} for {seconds} s{place}, and is being offered now.")
            }
            (Standing::Offered, Language::Spanish) => {
                format!("Espera en {queue} desde hace {seconds} s{place}, y se está ofreciendo ahora.")
            }
            (Standing::Offered, Language::French) => {
                format!("Attend dans {queue} depuis {seconds} s{place}, et est proposé en ce moment.")
            }
            (Standing::Offered, Language::German) => {
                format!("Wartet in {queue} seit {seconds} s{place} und wird gerade angeboten.")
            }
            (Standing::Connecting, Language::English) => {
                format!("Waited in {queue}; an agent is being connected.")
            }
            (Standing::Connecting, Language::Spanish) => {
                format!("Esperaba en {queue}; se está conectando con un agente.")
            }
            (Standing::Connecting, Language::French) => {
                format!("Attendait dans {queue} ; un agent est en train d'être connecté.")
            }
            (Standing::Connecting, Language::German) => {
                format!("Wartete in {queue}; ein Agent wird gerade verbunden.")
            }
            (Standing::NotWaiting, Language::English) => "This call does not wait in a queue.".to_owned(),
            (Standing::NotWaiting, Language::Spanish) => "Esta llamada no espera en ninguna cola.".to_owned(),
            (Standing::NotWaiting, Language::French) => "Cet appel n'attend dans aucune file.".to_owned(),
            (Standing::NotWaiting, Language::German) => {
                "Dieser Anruf wartet in keiner Warteschlange.".to_owned()
            }
        }
    }

    /// Of somebody who has waited since then, and is not on the line.
    pub(crate) fn is_called_back(&self, since: &str) -> String {
        match self.language() {
            Language::English => {
                format!(
                    "A callback, in line since {since}: the customer is called when an agent has taken it."
                )
            }
            Language::Spanish => format!(
                "Una devolución de llamada, en la cola desde las {since}: se llama al cliente cuando un agente la acepta."
            ),
            Language::French => format!(
                "Un rappel, dans la file depuis {since} : le client est appelé quand un agent l'a pris."
            ),
            Language::German => format!(
                "Ein Rückruf, in der Reihe seit {since}: der Kunde wird angerufen, sobald ein Agent ihn angenommen hat."
            ),
        }
    }

    fn place(&self, place: usize) -> String {
        match self.language() {
            Language::English => format!(", number {place} in line"),
            Language::Spanish => format!(", en el puesto {place}"),
            Language::French => format!(", en position {place}"),
            Language::German => format!(", an Stelle {place}"),
        }
    }

    pub(crate) fn goes_first(&self, because: GoesFirst) -> &'static str {
        match (because, self.language()) {
            (GoesFirst::Priority, Language::English) => "Goes first: its priority is higher.",
            (GoesFirst::Priority, Language::Spanish) => "Va antes: tiene más prioridad.",
            (GoesFirst::Priority, Language::French) => "Passe avant : sa priorité est plus haute.",
            (GoesFirst::Priority, Language::German) => "Geht vor: hat höhere Priorität.",
            (GoesFirst::Age, Language::English) => "Goes first: it has waited longer.",
            (GoesFirst::Age, Language::Spanish) => "Va antes: espera desde hace más tiempo.",
            (GoesFirst::Age, Language::French) => "Passe avant : attend depuis plus longtemps.",
            (GoesFirst::Age, Language::German) => "Geht vor: wartet schon länger.",
            (GoesFirst::HeadStart, Language::English) => {
                "Goes first: its higher priority counts for more than the difference in waiting."
            }
            (GoesFirst::HeadStart, Language::Spanish) => {
                "Va antes: su mayor prioridad cuenta más que la diferencia de espera."
            }
            (GoesFirst::HeadStart, Language::French) => {
                "Passe avant : sa priorité plus haute compte plus que la différence d'attente."
            }
            (GoesFirst::HeadStart, Language::German) => {
                "Geht vor: die höhere Priorität zählt mehr als der Unterschied der Wartezeit."
            }
        }
    }

    pub(crate) fn not_ready(&self, wants: Availability, reason: Option<&str>) -> String {
        let wants = self.availability(wants);
        let wants = reason.map_or_else(|| wants.to_owned(), |reason| format!("{wants}, {reason}"));
        match self.language() {
            Language::English => format!("is not ready ({wants})"),
            Language::Spanish => format!("no está disponible ({wants})"),
            Language::French => format!("n'est pas disponible ({wants})"),
            Language::German => format!("ist nicht bereit ({wants})"),
        }
    }

    fn availability(&self, wants: Availability) -> &'static str {
        let [english, spanish, french, german] = match wants {
            Availability::Offline => ["offline", "desconectado", "hors ligne", "abgemeldet"],
            Availability::Available => ["available", "disponible", "disponible", "verfügbar"],
            Availability::Busy => ["busy", "ocupado", "occupé", "beschäftigt"],
            Availability::Away => ["away", "ausente", "absent", "abwesend"],
            Availability::Break => ["on a break", "en pausa", "en pause", "in Pause"],
            Availability::Training => ["in training", "en formación", "en formation", "in Schulung"],
        };
        self.choose([english, spanish, french, german])
    }

    pub(crate) fn not_responding(&self) -> &'static str {
        self.choose([
            "let a call ring and has not come back",
            "dejó sonar una llamada y no ha vuelto",
            "a laissé sonner un appel et n'est pas revenu",
            "hat einen Anruf klingeln lassen und ist nicht zurück",
        ])
    }

    pub(crate) fn no_heartbeat(&self) -> &'static str {
        self.choose([
            "is available, but the browser shows no sign of life",
            "está disponible, pero el navegador no da señales de vida",
            "est disponible, mais le navigateur ne donne pas signe de vie",
            "ist verfügbar, aber der Browser meldet sich nicht",
        ])
    }

    pub(crate) fn other_queues(&self) -> &'static str {
        self.choose([
            "does not serve this queue",
            "no atiende esta cola",
            "ne sert pas cette file",
            "bedient diese Warteschlange nicht",
        ])
    }

    pub(crate) fn lacks_skill(&self, skill: &str, has: Option<u8>, needs: u8) -> String {
        match (self.language(), has) {
            (Language::English, None) => format!("lacks {skill} (level {needs} is needed)"),
            (Language::English, Some(has)) => format!("has {skill} at level {has}, {needs} is needed"),
            (Language::Spanish, None) => format!("no tiene {skill} (se necesita el nivel {needs})"),
            (Language::Spanish, Some(has)) => format!("tiene {skill} en el nivel {has}, se necesita {needs}"),
            (Language::French, None) => format!("n'a pas {skill} (il faut le niveau {needs})"),
            (Language::French, Some(has)) => format!("a {skill} au niveau {has}, il faut {needs}"),
            (Language::German, None) => format!("hat {skill} nicht (Stufe {needs} ist nötig)"),
            (Language::German, Some(has)) => format!("hat {skill} auf Stufe {has}, {needs} ist nötig"),
        }
    }

    pub(crate) fn declined_until(&self, time: &str) -> String {
        match self.language() {
            Language::English => format!("declined this call, and is not asked again before {time}"),
            Language::Spanish => format!("rechazó esta llamada, y no se le pregunta antes de las {time}"),
            Language::French => format!("a refusé cet appel, et n'est pas redemandé avant {time}"),
            Language::German => {
                format!("hat diesen Anruf abgelehnt und wird nicht vor {time} wieder gefragt")
            }
        }
    }

    pub(crate) fn kept_for(&self, agent: &str, time: &str) -> String {
        match self.language() {
            Language::English => format!("the call is kept for {agent} until {time}"),
            Language::Spanish => format!("la llamada se reserva para {agent} hasta las {time}"),
            Language::French => format!("l'appel est réservé à {agent} jusqu'à {time}"),
            Language::German => format!("der Anruf ist bis {time} {agent} vorbehalten"),
        }
    }

    pub(crate) fn no_free_slot(&self, held: u16, capacity: u16) -> String {
        match self.language() {
            Language::English => format!("is busy ({held} of {capacity})"),
            Language::Spanish => format!("está ocupado ({held} de {capacity})"),
            Language::French => format!("est occupé ({held} sur {capacity})"),
            Language::German => format!("ist beschäftigt ({held} von {capacity})"),
        }
    }

    pub(crate) fn would_be_asked(&self) -> &'static str {
        self.choose([
            "could take this call, and is asked next",
            "podría atender esta llamada y será el siguiente en recibirla",
            "pourrait prendre cet appel et sera le prochain sollicité",
            "könnte diesen Anruf nehmen und wird als Nächster gefragt",
        ])
    }

    pub(crate) fn is_asked(&self) -> &'static str {
        self.choose([
            "is being asked",
            "se le está ofreciendo",
            "est en train d'être sollicité",
            "wird gerade gefragt",
        ])
    }

    pub(crate) fn has_it(&self) -> &'static str {
        self.choose([
            "has taken it, and is being connected",
            "la ha aceptado, y se le está conectando",
            "l'a pris, et est en train d'être connecté",
            "hat ihn angenommen und wird verbunden",
        ])
    }

    pub(crate) fn moves_to(&self, queue: &str, time: &str) -> String {
        match self.language() {
            Language::English => format!("At {time} it goes to {queue}."),
            Language::Spanish => format!("A las {time} pasa a {queue}."),
            Language::French => format!("À {time} il passe à {queue}."),
            Language::German => format!("Um {time} geht er an {queue}."),
        }
    }

    pub(crate) fn asks_for_less(&self, time: &str) -> String {
        match self.language() {
            Language::English => format!("At {time} it asks for fewer skills."),
            Language::Spanish => format!("A las {time} pide menos habilidades."),
            Language::French => format!("À {time} il demande moins de compétences."),
            Language::German => format!("Um {time} verlangt er weniger Fähigkeiten."),
        }
    }

    pub(crate) fn rings_all(&self, time: &str) -> String {
        match self.language() {
            Language::English => format!("At {time} it begins to ring everybody who is free."),
            Language::Spanish => format!("A las {time} empieza a sonar a todos los que estén libres."),
            Language::French => format!("À {time} il commence à sonner chez tous ceux qui sont libres."),
            Language::German => format!("Ab {time} klingelt er bei allen, die frei sind."),
        }
    }

    pub(crate) fn message(&self, time: &str) -> String {
        match self.language() {
            Language::English => format!("At {time} the caller is asked for a message."),
            Language::Spanish => format!("A las {time} se pide un mensaje a quien llama."),
            Language::French => format!("À {time} on demande un message à l'appelant."),
            Language::German => format!("Um {time} wird um eine Nachricht gebeten."),
        }
    }

    pub(crate) fn callback_is_offered(&self, time: &str) -> String {
        match self.language() {
            Language::English => format!("At {time} a callback is offered."),
            Language::Spanish => format!("A las {time} se ofrece devolver la llamada."),
            Language::French => format!("À {time} un rappel est proposé."),
            Language::German => format!("Um {time} wird ein Rückruf angeboten."),
        }
    }

    pub(crate) fn longest_wait_ends(&self, time: &str) -> String {
        match self.language() {
            Language::English => format!("At {time} the longest wait is over."),
            Language::Spanish => format!("A las {time} termina la espera máxima."),
            Language::French => format!("À {time} l'attente maximale est atteinte."),
            Language::German => format!("Um {time} ist die längste Wartezeit vorbei."),
        }
    }

    pub(crate) fn kept_no_longer(&self, agent: &str, time: &str) -> String {
        match self.language() {
            Language::English => format!("Until {time} it is kept for {agent}."),
            Language::Spanish => format!("Hasta las {time} se reserva para {agent}."),
            Language::French => format!("Jusqu'à {time} il est réservé à {agent}."),
            Language::German => format!("Bis {time} ist er {agent} vorbehalten."),
        }
    }

    pub(crate) fn may_be_asked_again(&self, agent: &str, time: &str) -> String {
        match self.language() {
            Language::English => format!("From {time} on {agent} may be asked again."),
            Language::Spanish => format!("Desde las {time} se puede volver a preguntar a {agent}."),
            Language::French => format!("À partir de {time}, {agent} peut être redemandé."),
            Language::German => format!("Ab {time} kann {agent} wieder gefragt werden."),
        }
    }

    pub(crate) fn offer_ends(&self, agent: &str, time: &str) -> String {
        match self.language() {
            Language::English => format!("{agent} can answer until {time}."),
            Language::Spanish => format!("{agent} puede contestar hasta las {time}."),
            Language::French => format!("{agent} peut répondre jusqu'à {time}."),
            Language::German => format!("{agent} kann bis {time} antworten."),
        }
    }

    fn choose(&self, [english, spanish, french, german]: [&'static str; 4]) -> &'static str {
        match self.language() {
            Language::English => english,
            Language::Spanish => spanish,
            Language::French => french,
            Language::German => german,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_it_in_its_own_words() {
        let said: std::collections::HashSet<_> = ["en", "es", "fr", "de"]
            .map(|tag| Words::of(tag).lacks_skill("billing", Some(3), 5))
            .into_iter()
            .collect();
        assert_eq!(said.len(), 4);
        let english = Words::of("en-US");
        assert_eq!(
            english.stands(Standing::Waiting, "sales", 40, Some(3)),
            "Waits in sales for 40 s, number 3 in line."
        );
        assert_eq!(english.not_ready(Availability::Break, Some("lunch")), "is not ready (on a break, lunch)");
    }
}
