//! /health

use crate::support::on_both_databases;

on_both_databases! {
    async fn a_server_with_its_database_is_ready(app) {
        for path in ["/health", "/health/ready"] {
            let answer = app.call("GET", path).send().await;
            assert_eq!((&answer.data(200)["database"], &answer.data(200)["bus"]), (&"connected".into(), &"alone".into()));
        }
        app.call("GET", "/health/live").send().await.data(200);
    }

    async fn the_specification_and_its_page_are_served(app) {
        let yaml = app.call("GET", "/openapi.yaml").send().await;
        assert_eq!(yaml.text, crate::openapi::checked_in());
        let docs = app.call("GET", "/docs").send().await;
        assert!(docs.text.contains("swagger") && docs.text.contains("x-permission"), "the page shows the repaired specification");
    }
}
