//! /api/settings/languages, and the language of refusals.

use crate::support::{World, on_both_databases};

on_both_databases! {
    async fn the_languages_are_those_that_are_there(app) {
        let answer = app.call("GET", "/api/settings/languages").send().await;
        let languages = answer.data(200).as_array().unwrap();
        let codes: Vec<_> = languages.iter().map(|language| language["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["de", "en", "es", "fr"]);
        let german = &languages[0];
        assert_eq!((german["name"].as_str(), german["englishName"].as_str()), (Some("Deutsch"), Some("German")));
        assert_eq!(german["covers"], serde_json::json!(["telephone", "mail", "pages", "refusals"]));
    }

    async fn a_refusal_is_in_the_language_that_is_asked_for_and_its_code_in_none(app) {
        let world = World::create(app).await;
        let path = format!("/api/queues/{}", world.theirs.queue);
        let ask = |languages: &'static str| app.call("GET", &path).by(&world.ours.owner).header("accept-language", languages);
        for (languages, message, language) in [
            ("de-AT, en;q=0.5", "Diese Warteschlange gibt es nicht.", "de"),
            ("es", "No existe esa cola.", "es"),
            ("fr-CA", "Cette file n'existe pas.", "fr"),
            ("pt", "There is no such queue.", "en"),
        ] {
            let answer = ask(languages).send().await;
            answer.is_refused(404, "QUEUE_NOT_FOUND");
            assert_eq!(answer.body["message"], message);
            assert_eq!(answer.headers["content-language"], language);
        }
    }
}
