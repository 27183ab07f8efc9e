//! The older export: `{modules, start, version, type, metadata}`. Each module becomes the action that has replaced it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Action, Condition};
use crate::bounds::ITEMS;
use crate::document::{flag, text};

/// The parameters that are looked at, or of which it is known that nothing is to be done.
const PARAMETERS: [&str; 50] = [
    "Age",
    "Agent",
    "Attribute",
    "AudioPrompt",
    "BlindTransfer",
    "BotAlias",
    "BotName",
    "BotRegion",
    "CallBackNumber",
    "CallbackNumber",
    "CallerId",
    "ContactFlowId",
    "CustomerInputType",
    "DisableCancel",
    "EncryptEntry",
    "EncryptionKey",
    "EncryptionKeyId",
    "FunctionArn",
    "GlobalVoice",
    "Hours",
    "HoursOfOperationId",
    "InitialCallDelaySeconds",
    "InitialDelay",
    "InterruptFrequency",
    "LoggingBehavior",
    "LoopCount",
    "MaxDigits",
    "MaximumConnectionAttempts",
    "MaximumRetries",
    "Metric",
    "MetricType",
    "MinimumTimeBetweenAttempts",
    "Namespace",
    "Parameter",
    "PhoneNumber",
    "Priority",
    "Queue",
    "QueuePriority",
    "QueueTimeAdjustmentSeconds",
    "RecordingBehaviorOption",
    "RecordingParticipantOption",
    "RetryDelaySeconds",
    "Status",
    "Text",
    "TextToSpeechType",
    "TimeLimit",
    "Timeout",
    "Type",
    "key",
    "value",
];

/// A module's parameter as a value of the Flow language: what names an attribute becomes a path.
fn value(parameter: &Value) -> Option<String> {
    let given = text(parameter.get("value"))?;
    let namespace = text(parameter.get("namespace")).unwrap_or_default();
    Some(path(&namespace, &given))
}

fn path(namespace: &str, name: &str) -> String {
    let quoted = |root: &str| {
        if name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '.') {
            format!("$.{root}.{name}")
        } else {
            format!("$.{root}['{name}']")
        }
    };
    match namespace {
        "User Defined" => quoted("Attributes"),
        "External" => quoted("External"),
        "System" => match name {
            "Stored customer input" => "$.StoredCustomerInput".to_owned(),
            "Customer Number" | "Customer number" | "Customer endpoint address" => {
                "$.CustomerEndpoint.Address".to_owned()
            }
            "Dialed Number" | "Dialed number" | "System endpoint address" => {
                "$.SystemEndpoint.Address".to_owned()
            }
            "Queue name" | "Queue.Name" => "$.Queue.Name".to_owned(),
            "Queue ARN" | "Queue.ARN" => "$.Queue.ARN".to_owned(),
            "Channel" => "$.Channel".to_owned(),
            "Agent user name" => "$.Agent.UserName".to_owned(),
            _ => quoted("System"),
        },
        "" => name.to_owned(),
        other => format!("$.{}.{name}", other.replace(' ', "")),
    }
}

/// The parameters of a module, by their names and with the names that the console shows.
struct Parameters<'a>(Vec<&'a Value>);

impl<'a> Parameters<'a> {
    fn get(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(value)
    }

    fn raw(&self, name: &str) -> Option<&'a Value> {
        self.0.iter().copied().find(|parameter| text(parameter.get("name")).as_deref() == Some(name))
    }

    /// `{key: value}` of all parameters of a name.
    fn pairs(&self, name: &str) -> Map<String, Value> {
        self.0
            .iter()
            .filter(|parameter| text(parameter.get("name")).as_deref() == Some(name))
            .filter_map(|parameter| Some((text(parameter.get("key"))?, json!(value(parameter)?))))
            .collect()
    }

    fn shown(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .filter_map(|parameter| Some((value(parameter)?, text(parameter.get("resourceName"))?)))
            .collect()
    }
}

/// Reads a module as an action; what it lacks is empty.
pub(super) fn read(module: &Value) -> Action {
    let list = |name: &str| -> Vec<&Value> {
        module
            .get(name)
            .and_then(Value::as_array)
            .map(|list| list.iter().take(ITEMS).collect())
            .unwrap_or_default()
    };
    let parameters = Parameters(list("parameters"));
    let module_type = text(module.get("type")).unwrap_or_default();
    let target = text(module.get("target")).unwrap_or_default();
    let mut shown = parameters.shown();
    // An old module keeps the name of a flow in its metadata.
    if let Some(flow) = module.get("metadata").and_then(|metadata| metadata.get("ContactFlow"))
        && let (Some(id), Some(name)) = (text(flow.get("id")), text(flow.get("text")))
    {
        shown.entry(id).or_insert(name);
    }
    let mut action = Action { id: text(module.get("id")).unwrap_or_default(), shown, ..Action::default() };
    (action.action_type, action.parameters) = translated(&module_type, &target, &parameters);
    // What nobody looks at is told like an unknown parameter of an action.
    for name in parameters.0.iter().filter_map(|parameter| text(parameter.get("name"))) {
        if !PARAMETERS.contains(&name.as_str()) {
            action.parameters.entry(name).or_insert_with(|| json!("given"));
        }
    }
    for branch in list("branches") {
        read_branch(branch, &module_type, &mut action);
    }
    action
}

fn read_branch(branch: &Value, module_type: &str, action: &mut Action) {
    let Some(to) = text(branch.get("transition")) else { return };
    let name = text(branch.get("condition")).unwrap_or_default();
    let equals = |operand: &str| json!({ "Operator": "Equals", "Operands": [operand] });
    match name.as_str() {
        "Success" => action.next = Some(to),
        "Evaluate" => {
            let operator = text(branch.get("conditionType")).unwrap_or_else(|| "Equals".to_owned());
            let operand = branch.get("conditionValue").cloned().unwrap_or(Value::Null);
            let condition = json!({ "Operator": operator, "Operands": [operand] });
            action.conditions.push(Condition { condition, next: to });
        }
        "True" | "False" | "Looping" | "Complete" => {
            action.conditions.push(Condition { condition: equals(&name), next: to });
        }
        "NoMatch" => action.errors.push(("NoMatchingCondition".to_owned(), to)),
        "Timeout" if module_type == "Transfer" => {
            action.errors.push(("ConnectionTimeLimitExceeded".to_owned(), to));
        }
        "Timeout" => action.errors.push(("InputTimeLimitExceeded".to_owned(), to)),
        "AtCapacity" => action.errors.push(("QueueAtCapacity".to_owned(), to)),
        "CallFailure" => action.errors.push(("CallFailed".to_owned(), to)),
        "InvalidNumber" => action.errors.push(("InvalidCallbackNumber".to_owned(), to)),
        "NonDialableNumber" => action.errors.push(("CallbackNumberNotDialable".to_owned(), to)),
        "Error" => action.errors.push(("NoMatchingError".to_owned(), to)),
        _ => action.errors.push((name, to)),
    }
}

/// The type and the parameters of the action that has replaced a module. An unknown type stays what it is.
fn translated(module_type: &str, target: &str, given: &Parameters<'_>) -> (String, Map<String, Value>) {
    let mut parameters = Map::new();
    let mut take = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            parameters.insert(name.to_owned(), json!(value));
        }
    };
    let spoken = |take: &mut dyn FnMut(&str, Option<String>)| {
        let is_ssml = given.get("TextToSpeechType").as_deref() == Some("ssml");
        take(if is_ssml { "SSML" } else { "Text" }, given.get("Text"));
        take("PromptId", given.get("AudioPrompt"));
    };
    let action_type = match (module_type, target) {
        ("PlayPrompt" | "PlayAudio", _) => {
            spoken(&mut take);
            "MessageParticipant"
        }
        ("GetUserInput", "Lex") | ("GetUserInput", "LexV2") => {
            spoken(&mut take);
            "ConnectParticipantWithLexBot"
        }
        ("GetUserInput", _) => {
            spoken(&mut take);
            take("StoreInput", Some("False".to_owned()));
            take("InputTimeLimitSeconds", given.get("Timeout"));
            if given.get("BotName").is_some() {
                "ConnectParticipantWithLexBot"
            } else {
                "GetParticipantInput"
            }
        }
        ("StoreUserInput" | "StoreCustomerInput", _) => {
            spoken(&mut take);
            take("StoreInput", Some("True".to_owned()));
            take("InputTimeLimitSeconds", given.get("Timeout"));
            "GetParticipantInput"
        }
        ("CheckAttribute", _) => {
            let namespace = given.raw("Namespace").and_then(|parameter| text(parameter.get("value")));
            let name = given.raw("Attribute").and_then(|parameter| text(parameter.get("value")));
            take("ComparisonValue", name.map(|name| path(&namespace.unwrap_or_default(), &name)));
            "Compare"
        }
        ("SetAttributes" | "SetScreenPop", _) => "UpdateContactAttributes",
        ("SetQueue", _) => {
            take("QueueId", given.get("Queue"));
            take("AgentId", given.get("Agent"));
            "UpdateContactTargetQueue"
        }
        ("Transfer", "Queue") => "TransferContactToQueue",
        ("Transfer", "Agent") => "TransferContactToAgent",
        ("Transfer", "PhoneNumber") => {
            take("ThirdPartyPhoneNumber", given.get("PhoneNumber"));
            take("ThirdPartyConnectionTimeLimitSeconds", given.get("TimeLimit"));
            let blind =
                flag(given.raw("BlindTransfer").and_then(|blind| blind.get("value"))).unwrap_or(false);
            take("ContinueFlowExecution", Some((!blind).to_string()));
            take("CallerId", given.get("CallerId"));
            "TransferParticipantToThirdParty"
        }
        ("Transfer", "Flow") | ("TransferToFlow", _) => {
            take("ContactFlowId", given.get("ContactFlowId"));
            "TransferToFlow"
        }
        ("CheckHoursOfOperation", _) => {
            take("HoursOfOperationId", given.get("Hours").or_else(|| given.get("HoursOfOperationId")));
            "CheckHoursOfOperation"
        }
        ("CheckStaffing", _) => {
            let metric =
                given.get("Metric").or_else(|| given.get("Status")).unwrap_or_else(|| "Available".to_owned());
            take("MetricType", Some(metric));
            take("QueueId", given.get("Queue"));
            "CheckMetricData"
        }
        ("CheckQueueStatus", _) => {
            take("MetricType", given.get("Metric").or_else(|| given.get("MetricType")));
            take("QueueId", given.get("Queue"));
            "CheckMetricData"
        }
        ("SetVoice", _) => {
            take("TextToSpeechVoice", given.get("GlobalVoice"));
            "UpdateContactTextToSpeechVoice"
        }
        ("InvokeExternalResource", "Lambda" | "") => {
            take("LambdaFunctionARN", given.get("FunctionArn"));
            take("InvocationTimeLimitSeconds", given.get("TimeLimit"));
            "InvokeLambdaFunction"
        }
        ("Loop", _) => {
            take("LoopCount", given.get("LoopCount"));
            "Loop"
        }
        ("LoopPrompts", _) => {
            take("InterruptFrequencySeconds", given.get("InterruptFrequency"));
            "MessageParticipantIteratively"
        }
        ("Disconnect", _) => "DisconnectParticipant",
        ("ResumeContact" | "EndFlow" | "EndFlowExecution", _) => "EndFlowExecution",
        (
            "SetEventHook" | "SetContactFlow" | "SetWhisperFlow" | "SetHoldFlow" | "SetQueueFlow"
            | "SetDisconnectFlow",
            _,
        ) => "UpdateContactEventHooks",
        ("SetLoggingBehavior", _) => "UpdateFlowLoggingBehavior",
        ("SetRecordingBehavior", _) => "UpdateContactRecordingBehavior",
        ("SetRoutingPriority" | "ChangeRoutingPriority" | "SetQueuePriority", _) => {
            take("QueuePriority", given.get("Priority").or_else(|| given.get("QueuePriority")));
            take(
                "QueueTimeAdjustmentSeconds",
                given.get("Age").or_else(|| given.get("QueueTimeAdjustmentSeconds")),
            );
            "UpdateContactRoutingBehavior"
        }
        ("SetCallBackNumber" | "SetCallbackNumber", _) => {
            take("CallbackNumber", given.get("CallbackNumber").or_else(|| given.get("CallBackNumber")));
            "UpdateContactCallbackNumber"
        }
        ("CreateCallback" | "TransferToCallbackQueue", _) => {
            take(
                "InitialCallDelaySeconds",
                given.get("InitialDelay").or_else(|| given.get("InitialCallDelaySeconds")),
            );
            take(
                "MaximumConnectionAttempts",
                given.get("MaximumRetries").or_else(|| given.get("MaximumConnectionAttempts")),
            );
            take(
                "RetryDelaySeconds",
                given.get("MinimumTimeBetweenAttempts").or_else(|| given.get("RetryDelaySeconds")),
            );
            take("QueueId", given.get("Queue"));
            "CreateCallbackContact"
        }
        ("DistributeByPercentage" | "Distribute", _) => "DistributeByPercentage",
        ("GetQueueMetrics" | "GetMetrics", _) => "GetMetricData",
        (other, _) => other,
    };
    match module_type {
        "StoreUserInput" | "StoreCustomerInput" => {
            if let Some(most) = given.get("MaxDigits") {
                parameters.insert(
                    "InputValidation".to_owned(),
                    json!({ "CustomValidation": { "MaximumLength": most } }),
                );
            }
            let phone = given.get("CustomerInputType").is_some_and(|kind| kind.contains("Phone"));
            if phone {
                parameters.insert("InputValidation".to_owned(), json!({ "PhoneNumberValidation": {} }));
            }
            if flag(given.raw("EncryptEntry").and_then(|encrypt| encrypt.get("value"))) == Some(true) {
                parameters.insert("InputEncryption".to_owned(), json!({}));
            }
        }
        "SetAttributes" => {
            parameters.insert("Attributes".to_owned(), Value::Object(given.pairs("Attribute")));
        }
        "SetScreenPop" => {
            let pair = given.get("key").zip(given.get("value"));
            parameters.insert(
                "Attributes".to_owned(),
                Value::Object(pair.map(|(k, v)| (k, json!(v))).into_iter().collect()),
            );
        }
        "InvokeExternalResource" => {
            parameters
                .insert("LambdaInvocationAttributes".to_owned(), Value::Object(given.pairs("Parameter")));
        }
        "LoopPrompts" => {
            let messages: Vec<Value> = given
                .0
                .iter()
                .filter_map(|parameter| {
                    let said = value(parameter)?;
                    match text(parameter.get("name")).as_deref() {
                        Some("Text") => Some(json!({ "Text": said })),
                        Some("AudioPrompt") => Some(json!({ "PromptId": said })),
                        _ => None,
                    }
                })
                .collect();
            parameters.insert("Messages".to_owned(), json!(messages));
        }
        "SetEventHook" | "SetContactFlow" | "SetWhisperFlow" | "SetHoldFlow" | "SetQueueFlow"
        | "SetDisconnectFlow" => {
            let event = given.get("Type").unwrap_or_else(|| module_type.to_owned());
            let flow = given.get("ContactFlowId").unwrap_or_default();
            parameters.insert("EventHooks".to_owned(), json!({ event: flow }));
        }
        "SetRecordingBehavior" => {
            let option = given.get("RecordingBehaviorOption").unwrap_or_default();
            let participants: Vec<&str> = match option.as_str() {
                "Disable" | "None" | "" => Vec::new(),
                _ if given.get("RecordingParticipantOption").is_some_and(|who| who == "Agent") => {
                    vec!["Agent"]
                }
                _ if given.get("RecordingParticipantOption").is_some_and(|who| who == "Customer") => {
                    vec!["Customer"]
                }
                _ => vec!["Agent", "Customer"],
            };
            parameters
                .insert("RecordingBehavior".to_owned(), json!({ "RecordedParticipants": participants }));
        }
        _ => {}
    }
    (action_type.to_owned(), parameters)
}
