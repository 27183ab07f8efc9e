//! The flags of the caller's script, in the order in which they stand on the command line.

use carrier::Step;
use clap::builder::{ArgAction, NonEmptyStringValueParser, ValueParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

/// What the caller does.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps(pub Vec<Step>);

const PRESS: &str = "press";
const SAY: &str = "say";
const WAIT: &str = "wait";
const UNTIL_ANSWERED: &str = "until-answered";
const HANGUP: &str = "hangup";

/// One flag of the script. clap's derive keeps the values of each flag, but not the order among different ones.
fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::Append)
}

/// A flag without a value, which may be repeated like the others.
fn bare(name: &'static str, help: &'static str) -> Arg {
    flag(name, help).num_args(0).default_missing_value(name)
}

impl Args for Steps {
    fn augment_args(command: Command) -> Command {
        command
            .next_help_heading("What the caller does")
            .arg(
                flag(
                    PRESS,
                    "Presses keys at the next question: 0 to 9, * and #; `w` pauses for half a second",
                )
                .value_name("KEYS")
                .value_parser(ValueParser::new(keys)),
            )
            .arg(
                flag(SAY, "Says something at the next question, or to whom he talks with")
                    .value_name("TEXT")
                    .value_parser(NonEmptyStringValueParser::new()),
            )
            .arg(flag(WAIT, "Waits").value_name("SECONDS").value_parser(ValueParser::new(seconds)))
            .arg(bare(UNTIL_ANSWERED, "Waits until somebody talks with him"))
            .arg(bare(HANGUP, "Hangs up"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Steps {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut steps: Vec<(usize, Step)> = Vec::new();
        let texts = |name| matches.get_many::<String>(name).unwrap_or_default().cloned();
        steps.extend(places(matches, PRESS).zip(texts(PRESS).map(Step::Press)));
        steps.extend(places(matches, SAY).zip(texts(SAY).map(Step::Speak)));
        let waits = matches.get_many::<f64>(WAIT).unwrap_or_default();
        steps.extend(places(matches, WAIT).zip(waits.copied().map(Step::Wait)));
        steps.extend(places(matches, UNTIL_ANSWERED).map(|place| (place, Step::UntilConnected)));
        steps.extend(places(matches, HANGUP).map(|place| (place, Step::HangUp)));
        steps.sort_by_key(|(place, _)| *place);
        Ok(Self(steps.into_iter().map(|(_, step)| step).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn places<'a>(matches: &'a ArgMatches, name: &str) -> impl Iterator<Item = usize> + use<'a> {
    matches.indices_of(name).unwrap_or_default()
}

fn keys(text: &str) -> Result<String, String> {
    let known = |key: char| matches!(key, '0'..='9' | '*' | '#' | 'w');
    if !text.is_empty() && text.chars().all(known) {
        Ok(text.to_owned())
    } else {
        Err("keys are 0 to 9, * and #, and `w` for a pause".to_owned())
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok();
    seconds
        .filter(|seconds| (0.0..=86_400.0).contains(seconds))
        .ok_or_else(|| "a wait is a number of seconds, at most a day of them".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<Step>, clap::Error> {
        let command = Steps::augment_args(Command::new("call").no_binary_name(true));
        let matches = command.try_get_matches_from(line.split_whitespace())?;
        Steps::from_arg_matches(&matches).map(|steps| steps.0)
    }

    #[test]
    fn the_caller_does_things_in_the_order_of_the_flags() {
        let steps =
            read("--wait 2 --press 1 --until-answered --say hello --wait 1.5 --press 2w# --hangup").unwrap();
        let wanted = [
            Step::Wait(2.0),
            Step::Press("1".into()),
            Step::UntilConnected,
            Step::Speak("hello".into()),
            Step::Wait(1.5),
            Step::Press("2w#".into()),
            Step::HangUp,
        ];
        assert_eq!(steps, wanted);
    }

    #[test]
    fn flags_without_a_value_may_be_repeated_too() {
        let steps = read("--until-answered --wait 1 --until-answered").unwrap();
        assert_eq!(steps, [Step::UntilConnected, Step::Wait(1.0), Step::UntilConnected]);
    }

    #[test]
    fn a_caller_without_a_script_stays_on_the_line() {
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn keys_and_times_that_do_not_exist_are_refused() {
        for bad in ["--press x", "--wait soon", "--wait -1", "--wait inf", "--press"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
