//! Letters about passwords. None holds a password.

use entity::company;

use super::{Action, Parts, one_line};
use crate::outbound::mail::Content;
use crate::secret::Secret;
use crate::words::{Language, Words};

/// Where a link to set a password leads, below the public address.
pub const PASSWORD_PAGE: &str = "/password/reset";

/// The token stands behind the #, as in the other links.
pub fn password_link(public_url: &str, token: &Secret) -> String {
    format!("{public_url}{PASSWORD_PAGE}#{}", token.expose())
}

/// To somebody who has forgotten his password.
pub fn reset(words: Words, public_url: &str, token: &Secret) -> Content {
    let (subject, before, label, after) = match words.language() {
        Language::English => (
            "Set a new password",
            "Somebody, we hope you, has forgotten the password of your account at CallDocker. Set a new one with this link. \
             It is good for one hour, once.",
            "Set a new password",
            "If it was not you, do nothing: your password stays as it is.",
        ),
        Language::Spanish => (
            "Establezca una nueva contraseña",
            "Alguien, esperamos que usted, ha olvidado la contraseña de su cuenta en CallDocker. Establezca una nueva con este \
             enlace. Es válido durante una hora, una sola vez.",
            "Establecer una contraseña",
            "Si no ha sido usted, no haga nada: su contraseña no cambia.",
        ),
        Language::French => (
            "Choisissez un nouveau mot de passe",
            "Quelqu'un, vous-même espérons-le, a oublié le mot de passe de votre compte CallDocker. Choisissez-en un nouveau \
             avec ce lien. Il est valable une heure, une seule fois.",
            "Choisir un mot de passe",
            "Si ce n'était pas vous, ne faites rien : votre mot de passe ne change pas.",
        ),
        Language::German => (
            "Setzen Sie ein neues Passwort",
            "Jemand, hoffentlich Sie, hat das Passwort Ihres Kontos bei CallDocker vergessen. Setzen Sie mit diesem Link ein \
             neues. Er gilt eine Stunde, einmal.",
            "Neues Passwort setzen",
            "Wenn Sie es nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist.",
        ),
    };
    let link = Action::Follow(label, password_link(public_url, token));
    Parts::new(subject, &[before], link, &[after]).write(words)
}

/// To an address for which a password was to be set, and which has no account.
pub fn nobody_to_reset(words: Words) -> Content {
    let (subject, before) = match words.language() {
        Language::English => (
            "There is no account for this address",
            "Somebody, perhaps you, wanted to set a new password at CallDocker for this address. There is no account for it. \
             Perhaps yours has another address. If it was not you, there is nothing to do.",
        ),
        Language::Spanish => (
            "No hay ninguna cuenta con esta dirección",
            "Alguien, quizás usted, quería establecer una nueva contraseña en CallDocker para esta dirección. No hay ninguna \
             cuenta con ella. Quizás la suya tenga otra dirección. Si no ha sido usted, no tiene que hacer nada.",
        ),
        Language::French => (
            "Aucun compte n'a cette adresse",
            "Quelqu'un, peut-être vous, voulait choisir un nouveau mot de passe CallDocker pour cette adresse. Aucun compte ne \
             l'utilise. Le vôtre a peut-être une autre adresse. Si ce n'était pas vous, vous n'avez rien à faire.",
        ),
        Language::German => (
            "Zu dieser Adresse gibt es kein Konto",
            "Jemand, vielleicht Sie, wollte bei CallDocker für diese Adresse ein neues Passwort setzen. Es gibt dazu kein \
             Konto. Vielleicht hat Ihres eine andere Adresse. Wenn Sie es nicht waren, ist nichts zu tun.",
        ),
    };
    Parts::new(subject, &[before], Action::Nothing, &[]).write(words)
}

/// To somebody whose password is another now.
pub fn password_changed(words: Words) -> Content {
    let (subject, before) = match words.language() {
        Language::English => (
            "Your password was changed",
            "The password of your account at CallDocker was changed. If that was not you, set a new one at once: ask for it \
             where you sign in.",
        ),
        Language::Spanish => (
            "Su contraseña ha cambiado",
            "La contraseña de su cuenta en CallDocker ha cambiado. Si no ha sido usted, establezca una nueva enseguida: pídala \
             donde inicia sesión.",
        ),
        Language::French => (
            "Votre mot de passe a été modifié",
            "Le mot de passe de votre compte CallDocker a été modifié. Si ce n'était pas vous, choisissez-en un nouveau tout de \
             suite : demandez-le là où vous vous connectez.",
        ),
        Language::German => (
            "Ihr Passwort wurde geändert",
            "Das Passwort Ihres Kontos bei CallDocker wurde geändert. Wenn Sie das nicht waren, setzen Sie sofort ein neues: \
             Sie können es dort anfordern, wo Sie sich anmelden.",
        ),
    };
    Parts::new(subject, &[before], Action::Nothing, &[]).write(words)
}

/// To somebody whom a company has made a member, in the company's language.
pub fn welcome(company: &company::Model, public_url: &str, token: &Secret) -> Content {
    let words = Words::of(&company.language);
    let name = one_line(&company.name);
    let (subject, before, label, after) = match words.language() {
        Language::English => (
            format!("{name} has made an account for you"),
            format!(
                "{name} has made an account for you at CallDocker, {public_url}. Set a password and sign in with this address."
            ),
            "Set a password",
            "The link is good for seven days, once. If you do not know who writes to you, do nothing.",
        ),
        Language::Spanish => (
            format!("{name} le ha creado una cuenta"),
            format!(
                "{name} le ha creado una cuenta en CallDocker, {public_url}. Establezca una contraseña e inicie sesión con esta dirección."
            ),
            "Establecer una contraseña",
            "El enlace es válido durante siete días, una sola vez. Si no sabe quién le escribe, no haga nada.",
        ),
        Language::French => (
            format!("{name} vous a créé un compte"),
            format!(
                "{name} vous a créé un compte CallDocker, {public_url}. Choisissez un mot de passe et connectez-vous avec cette adresse."
            ),
            "Choisir un mot de passe",
            "Le lien est valable sept jours, une seule fois. Si vous ne savez pas qui vous écrit, ne faites rien.",
        ),
        Language::German => (
            format!("{name} hat ein Konto für Sie angelegt"),
            format!(
                "{name} hat bei CallDocker ein Konto für Sie angelegt: {public_url}. Setzen Sie ein Passwort und melden Sie sich mit dieser Adresse an."
            ),
            "Passwort setzen",
            "Der Link gilt sieben Tage, einmal. Wenn Sie nicht wissen, wer Ihnen schreibt, tun Sie nichts.",
        ),
    };
    let link = Action::Follow(label, password_link(public_url, token));
    Parts::new(&subject, &[&before], link, &[after]).write(words)
}
