//! Flows that ask somebody else's server while their caller waits.

use std::time::{Duration, Instant};

use carrier::{CallHandle, Step};
use entity::{engine_input, flow_request, webhook_request};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::Backend;
use crate::support::centre::{CALLER, Centre, Ground, Life, Nodes, Plan, heard, whole_calls};
use crate::support::target::{Act, Target};

/// A flow that makes one request, and says by which port it left.
fn asking(target: &Target, request: Value) -> Plan {
    let mut ask = json!({"type": "request", "method": "POST", "url": target.url("/orders"),
                         "next": {"succeeded": "good", "failed": "bad", "timeout": "late"}});
    for (setting, value) in request.as_object().unwrap() {
        ask[setting] = value.clone();
    }
    let flow = json!({"version": 1, "name": "Test", "start": "ask", "language": "en-US", "nodes": {
        "ask": ask,
        "good": {"type": "hangup", "prompt": "It succeeded. {{ vars.name }} {{ vars.tier }} {{ vars.nothing }}"},
        "bad": {"type": "hangup", "prompt": "It failed."},
        "late": {"type": "hangup", "prompt": "It was late."},
    }});
    Plan { flow, reachable: target.address.to_string(), ..Plan::default() }
}

/// The attempts that the story of the only call tells of.
async fn attempts(centre: &Centre) -> Vec<Value> {
    let call = centre.call().await.id;
    let lines =
        calldocker::store::calls::events(centre.scope, centre.app.db.reader(), call, 0, 1000).await.unwrap();
    lines.into_iter().filter(|line| line.kind == "request.attempted").map(|line| line.data).collect()
}

/// What is recorded of the answers to requests.
async fn recorded(centre: &Centre) -> Vec<Value> {
    let inputs = centre.scope.find::<engine_input::Entity>().order_by_asc(engine_input::Column::Seq);
    let inputs = inputs.all(centre.app.db.reader()).await.unwrap();
    inputs
        .into_iter()
        .filter(|row| row.input["type"] == "requested")
        .map(|row| row.input["value"].clone())
        .collect()
}

/// The rows of requests that nobody needs any more are gone.
async fn assert_forgotten(centre: &Centre) {
    let left = centre.scope.find::<flow_request::Entity>().all(centre.app.db.reader()).await.unwrap();
    assert!(left.is_empty(), "{left:?}\n{}", centre.all_stories().await);
}

/// Time goes on until the target has had so many requests: by the clock on the wall too, since a request that is under way
/// keeps the simulated one still.
async fn until_asked(centre: &Centre, target: &Target, times: usize) {
    let asked = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while target.requests().len() < times {
            look.tick().await;
        }
    };
    tokio::select! {
        () = asked => {}
        () = centre.pass(120) => panic!("nobody asked\n{}", centre.all_stories().await),
    }
}

/// A call through a flow, to its end; at rest afterwards.
async fn call_through(ground: Ground, plan: Plan) -> (Centre, CallHandle) {
    let centre = Centre::open(ground, plan).await;
    let caller = centre.ring([]);
    centre.pass(150).await;
    centre.assert_at_rest().await;
    assert_forgotten(&centre).await;
    (centre, caller)
}

whole_calls! {
    async fn a_short_request_is_answered_while_the_line_asks_for_the_first_time(ground) {
        let answer = json!({"customer": {"name": "Ann", "tier": 3, "secret": "not wanted"}});
        let target = Target::start([Act::Answers(200, answer)]).await;
        let plan = asking(&target, json!({
            "url": target.url("/orders?from={{ call.from | url_encode }}"), "headers": {"X-Api-Key": "k1"},
            "body": "{\"from\": {{ call.from | json }}}",
            "save": {"name": "/customer/name", "tier": "/customer/tier", "nothing": "/customer/nothing"},
        }));
        let (centre, caller) = call_through(ground, plan).await;
        assert!(heard(&caller, "it succeeded. ann 3"), "{}", centre.all_stories().await);
        let requests = target.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].line, format!("POST /orders?from=%2B{}", &CALLER[1..]));
        assert_eq!(requests[0].body, json!({"from": CALLER}).to_string().replace(':', ": "));
        assert_eq!(requests[0].header("x-api-key"), Some("k1"));
        assert_eq!(requests[0].header("content-type"), Some("application/json"));
        assert!(requests[0].header("idempotency-key").is_some_and(|key| key.parse::<uuid::Uuid>().is_ok()));
        let values = json!({"/customer/name": "Ann", "/customer/tier": "3", "/customer/nothing": null});
        assert_eq!(recorded(&centre).await, [json!({"outcome": "answered", "status": 200, "values": values})]);
        let attempts = attempts(&centre).await;
        assert_eq!((attempts.len(), &attempts[0]["status"], &attempts[0]["host"]), (1, &json!(200), &json!("127.0.0.1")));
        let hops = webhook_request::Column::Path.eq("request");
        let hops = centre.scope.find::<webhook_request::Entity>().filter(hops).all(centre.app.db.reader()).await.unwrap();
        assert_eq!(hops.len(), 1, "one hop feeds the answer to the flow");
        centre.close().await;
    }

    async fn what_cannot_be_done_now_is_tried_again_under_the_same_key(ground) {
        let acts = [Act::Answers(503, json!({})), Act::HangsUp, Act::Answers(201, json!({"name": "Ann"}))];
        let target = Target::start(acts).await;
        let plan = asking(&target, json!({"retries": 2, "save": {"name": "/name"}}));
        let (centre, caller) = call_through(ground, plan).await;
        assert!(heard(&caller, "it succeeded. ann"), "{}", centre.all_stories().await);
        let keys: Vec<_> = target.requests().iter().map(|one| one.header("idempotency-key").unwrap().to_owned()).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        let told: Vec<_> = attempts(&centre).await.iter().map(|one| json!([one["status"], one["fault"]])).collect();
        assert_eq!(told, [json!([503, null]), json!([null, "noAnswer"]), json!([201, null])]);
        centre.close().await;
    }

    async fn a_refusal_is_an_answer_and_is_not_tried_again(ground) {
        let target = Target::start([Act::Answers(404, json!({}))]).await;
        let (centre, caller) = call_through(ground, asking(&target, json!({"retries": 2}))).await;
        assert!(heard(&caller, "it failed"), "{}", centre.all_stories().await);
        assert_eq!(target.requests().len(), 1);
        centre.close().await;
    }

    async fn who_never_answers_is_late_and_costs_his_time_and_no_more(ground) {
        let target = Target::start([Act::IsSilent, Act::Drips]).await;
        let began = Instant::now();
        let (centre, caller) = call_through(ground, asking(&target, json!({"timeoutSeconds": 1, "retries": 1}))).await;
        assert!(heard(&caller, "it was late"), "{}", centre.all_stories().await);
        assert_eq!(target.requests().len(), 2);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        centre.close().await;
    }

    async fn a_hundred_megabytes_are_not_read(ground) {
        let target = Target::start([Act::Floods]).await;
        let began = Instant::now();
        let (centre, caller) = call_through(ground, asking(&target, json!({"retries": 2}))).await;
        assert!(heard(&caller, "it failed"), "{}", centre.all_stories().await);
        assert_eq!(attempts(&centre).await[0]["fault"], "answerTooLarge");
        assert_eq!(target.requests().len(), 1, "who sends too much once sends it again");
        assert!(target.flooded() < 16 << 20, "{} bytes were taken", target.flooded());
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        centre.close().await;
    }

    async fn an_answer_that_is_no_json_or_odd_json_has_no_values_and_harms_nobody(ground) {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let odd = br#"{"name": "An\u0000n", "tier": "\ufdd0pin\ufdd0"}"#.to_vec();
        let acts = [Act::Says(200, deep.into_bytes()), Act::Says(200, vec![0xff; 100]), Act::Says(200, Vec::new()), Act::Says(200, odd)];
        let target = Target::start(acts).await;
        let plan = asking(&target, json!({"save": {"name": "/name", "tier": "/tier"}}));
        let centre = Centre::open(ground, plan).await;
        for _ in 0..3 {
            let caller = centre.ring([]);
            centre.pass(70).await;
            assert!(heard(&caller, "it succeeded."), "{}", centre.all_stories().await);
        }
        let caller = centre.ring([]);
        centre.pass(70).await;
        assert!(heard(&caller, "it succeeded. ann"), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        assert_forgotten(&centre).await;
        centre.close().await;
    }

    async fn no_notation_of_a_private_address_is_reached(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let port = target.address.port();
        let hosts = [
            "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "localhost", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "192.168.1.1",
        ];
        let mut nodes = json!({
            "bad": {"type": "hangup", "prompt": "One was reached."},
            "good": {"type": "hangup", "prompt": "All were refused."},
        });
        for (index, host) in hosts.iter().enumerate() {
            let next = if index + 1 < hosts.len() { format!("ask{}", index + 1) } else { "good".to_owned() };
            nodes[format!("ask{index}")] = json!({"type": "request", "method": "GET", "url": format!("http://{host}:{port}/"), "retries": 1,
                                                  "next": {"succeeded": "bad", "timeout": "bad", "failed": next}});
        }
        let flow = json!({"version": 1, "name": "Test", "start": "ask0", "language": "en-US", "nodes": nodes});
        let (centre, caller) = call_through(ground, Plan { flow, ..Plan::default() }).await;
        assert!(heard(&caller, "all were refused"), "{}", centre.all_stories().await);
        let faults: Vec<_> = attempts(&centre).await.iter().map(|one| one["fault"].clone()).collect();
        assert_eq!(faults, vec![json!("addressRefused"); hosts.len()]);
        assert!(target.requests().is_empty());
        centre.close().await;
    }

    async fn a_redirect_to_a_private_address_is_not_followed(ground) {
        let hidden = Target::start([Act::Answers(200, json!({}))]).await;
        let target = Target::start([Act::Redirects(hidden.url("/"))]).await;
        let (centre, caller) = call_through(ground, asking(&target, json!({}))).await;
        assert!(heard(&caller, "it failed"), "{}", centre.all_stories().await);
        assert!(hidden.requests().is_empty());
        centre.close().await;
    }

    async fn a_flow_that_asks_and_asks_without_end_is_ended(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let plan = asking(&target, json!({"next": {"succeeded": "ask", "failed": "bad", "timeout": "late"}}));
        let (centre, caller) = call_through(ground, plan).await;
        assert!(heard(&caller, "sorry"), "{}", centre.all_stories().await);
        assert!((1..=51).contains(&target.requests().len()), "{}", target.requests().len());
        centre.close().await;
    }

    async fn a_text_that_grows_without_end_costs_little_and_the_call_goes_on(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let bomb = format!("{{% assign a = 'xxxxxxxxxxxxxxxx' %}}{}{{{{ a }}}}", "{% assign a = a | append: a | append: a %}".repeat(50));
        let began = Instant::now();
        let plan = asking(&target, json!({"body": bomb, "headers": {"X-Bomb": bomb}, "url": target.url("/{{ call.from | url_encode }}")}));
        let (centre, caller) = call_through(ground, plan).await;
        assert!(heard(&caller, "it succeeded") || heard(&caller, "it failed"), "{}", centre.all_stories().await);
        assert!(target.requests().iter().all(|one| one.body.len() <= 16 * 1024));
        let problems = centre.story(centre.call().await.id).await.into_iter().filter(|kind| kind == "flow.problem").count();
        assert!(problems > 0, "the author is told: {}", centre.all_stories().await);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        centre.close().await;
    }

    async fn a_hop_that_comes_twice_hears_the_same_and_asks_nobody_again(ground) {
        let target = Target::start([Act::Answers(200, json!({}))]).await;
        let (centre, _caller) = call_through(ground, asking(&target, json!({}))).await;
        let call = centre.call().await;
        let inputs = recorded(&centre).await;
        let urls = centre.app.urls(centre.scope.company());
        let hops = webhook_request::Column::Path.eq("request");
        let hop = centre.scope.find::<webhook_request::Entity>().filter(hops).one(centre.app.db.reader()).await.unwrap().unwrap();
        for hops in [0, 1, 7] {
            let again = centre.hop(&urls.request(call.id, 1, hops), &[("CallSid", &call.provider_sid), ("CallStatus", "in-progress")]).await;
            assert_eq!(again, hop.reply.clone().unwrap(), "hop {hops}");
        }
        assert_eq!((recorded(&centre).await, target.requests().len()), (inputs, 1));
        centre.close().await;
    }

    async fn who_hangs_up_in_the_middle_leaves_nothing_behind(ground) {
        let target = Target::start([Act::IsSilent]).await;
        let centre = Centre::open(ground, asking(&target, json!({"timeoutSeconds": 2, "retries": 1}))).await;
        let caller = centre.ring([]);
        until_asked(&centre, &target, 1).await;
        caller.hang_up();
        centre.pass(150).await;
        assert_eq!(target.requests().len(), 2, "a request is sent to its end though nobody waits for it");
        assert!(recorded(&centre).await.is_empty());
        centre.assert_at_rest().await;
        assert_forgotten(&centre).await;
        centre.close().await;
    }

    async fn a_request_that_a_dead_server_had_under_way_is_sent_again_by_the_next(ground) {
        let target = Target::start([Act::IsSilent, Act::Answers(200, json!({"name": "Ann"}))]).await;
        let plan = asking(&target, json!({"timeoutSeconds": 10, "retries": 2, "save": {"name": "/name"}}));
        let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..plan }).await;
        let caller = centre.ring([]);
        until_asked(&centre, &target, 1).await;
        centre.kill_and_restart().await;
        centre.pass(150).await;
        assert!(heard(&caller, "it succeeded. ann"), "{}", centre.all_stories().await);
        let keys: Vec<_> = target.requests().iter().map(|one| one.header("idempotency-key").unwrap().to_owned()).collect();
        assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
        centre.assert_at_rest().await;
        assert_forgotten(&centre).await;
        centre.close().await;
    }

    async fn several_questions_follow_each_other_and_each_has_a_key_of_its_own(ground) {
        let target = Target::start([Act::Answers(200, json!({"name": "Ann"})), Act::Answers(200, json!({"tier": "gold"}))]).await;
        let mut plan = asking(&target, json!({"save": {"tier": "/tier"}}));
        plan.flow["start"] = json!("first");
        plan.flow["nodes"]["first"] = json!({"type": "request", "method": "GET", "url": target.url("/who"), "save": {"name": "/name"},
                                             "next": {"succeeded": "menu", "failed": "bad"}});
        plan.flow["nodes"]["menu"] = json!({"type": "menu", "prompt": "Press one, {{ vars.name }}.", "choices": [{"digits": "1"}],
                                            "next": {"1": "ask", "timeout": "bad", "noMatch": "bad"}});
        let centre = Centre::open(ground, plan).await;
        let caller = centre.ring([Step::UntilSaid("press one, ann".into()), Step::Press("1".into())]);
        centre.pass(70).await;
        assert!(heard(&caller, "it succeeded. ann gold"), "{}", centre.all_stories().await);
        let keys: Vec<_> = target.requests().iter().map(|one| one.header("idempotency-key").unwrap().to_owned()).collect();
        assert_ne!(keys[0], keys[1]);
        centre.assert_at_rest().await;
        assert_forgotten(&centre).await;
        centre.close().await;
    }
}

#[tokio::test]
async fn a_request_of_one_node_is_answered_through_the_other() {
    let Some(ground) = Ground::new(Backend::Postgres).await else { return };
    let target = Target::start([Act::Answers(200, json!({"name": "Ann"}))]).await;
    let plan = Plan { nodes: Nodes::Two, ..asking(&target, json!({"save": {"name": "/name"}})) };
    let centre = Centre::open(ground, plan).await;
    let callers: Vec<_> = (0..6).map(|caller| centre.ring_as(caller, [])).collect();
    centre.pass(90).await;
    for caller in &callers {
        assert!(heard(caller, "it succeeded. ann"), "{}", centre.all_stories().await);
    }
    assert_eq!(target.requests().len(), callers.len());
    centre.assert_at_rest().await;
    assert_forgotten(&centre).await;
    centre.close().await;
}
