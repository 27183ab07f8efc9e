//! Who wants no text messages from a number of the company. The words are the provider's own for numbers that it answers for:
//! it has said "you are unsubscribed" before we hear of it, and refuses what we would send from then on with [`REFUSED`].

use entity::{Inserted, OptOutCause, opt_out};

use crate::app::App;
use crate::error::Result;
use crate::privacy::subject;
use crate::store::{Unit, opt_outs};

/// The provider's code of a message that is not sent since its receiver wants none.
pub const REFUSED: u32 = 21_610;

/// Words that mean "no more".
const STOP: [&str; 8] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"];
/// Words that mean "again".
const START: [&str; 3] = ["START", "UNSTOP", "YES"];

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Start,
}

/// What a message means: what the provider says that it means, or else its one word.
fn wish(text: &str, provider_says: Option<&str>) -> Option<Wish> {
    let word = provider_says.unwrap_or(text).trim().to_uppercase();
    if STOP.contains(&word.as_str()) {
        Some(Wish::Stop)
    } else if START.contains(&word.as_str()) {
        Some(Wish::Start)
    } else {
        None
    }
}

/// Keeps what somebody has said about further messages, if he has.
pub async fn read(
    unit: &Unit,
    our_number: &str,
    number: &str,
    text: &str,
    provider_says: Option<&str>,
) -> Result<()> {
    match wish(text, provider_says) {
        Some(Wish::Stop) => note(unit, our_number, number, OptOutCause::Keyword).await,
        Some(Wish::Start) => {
            let hash = hash(unit.app(), unit, number)?;
            Ok(opt_outs::delete(unit.scope(), unit.tx(), our_number, &hash).await?)
        }
        None => Ok(()),
    }
}

pub async fn note(unit: &Unit, our_number: &str, number: &str, because: OptOutCause) -> Result<()> {
    let row = opt_out::Model {
        company_id: unit.company(),
        our_number: our_number.to_owned(),
        number_hash: hash(unit.app(), unit, number)?,
        because,
        opted_out_at: unit.now(),
    };
    match opt_outs::insert(unit.scope(), unit.tx(), row).await? {
        Inserted::Yes | Inserted::Conflicted => Ok(()),
    }
}

pub async fn is_out(unit: &Unit, our_number: &str, number: &str) -> Result<bool> {
    let hash = hash(unit.app(), unit, number)?;
    Ok(opt_outs::is_there(unit.scope(), unit.tx(), our_number, &hash).await?)
}

fn hash(app: &App, unit: &Unit, number: &str) -> Result<String> {
    subject::hash_of_number(&app.keys, unit.company(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_one_of_the_words_means_it_and_no_other_does() {
        for word in ["STOP", " stop\n", "Unsubscribe", "cancel", "END", "quit", "StopAll"] {
            assert_eq!(wish(word, None), Some(Wish::Stop), "{word}");
        }
        for word in ["start", "YES", "Unstop"] {
            assert_eq!(wish(word, None), Some(Wish::Start), "{word}");
        }
        for text in ["Please stop", "HELP", "stop it", "", "yes please"] {
            assert_eq!(wish(text, None), None, "{text}");
        }
        assert_eq!(
            wish("Basta", Some("STOP")),
            Some(Wish::Stop),
            "a word of the company's own at the provider"
        );
        assert_eq!(wish("STOP", Some("HELP")), None);
    }
}
