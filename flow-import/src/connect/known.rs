//! What is known of each type of action: its parameters, and why some are not supported.

use crate::bounds::cut;

/// The parameters of each type of action that are looked at, or of which it is known that nothing is to be done. None: of
/// a type that is kept as it is, or of which all are looked at.
pub(super) fn parameters_of(action_type: &str) -> Option<&'static [&'static str]> {
    Some(match action_type {
        "MessageParticipant" => &["Text", "SSML", "PromptId", "Media"],
        "MessageParticipantIteratively" => &["Messages", "InterruptFrequencySeconds"],
        "GetParticipantInput" => &[
            "Text",
            "SSML",
            "PromptId",
            "Media",
            "InputTimeLimitSeconds",
            "StoreInput",
            "InputValidation",
            "InputEncryption",
            "DTMFConfiguration",
        ],
        "ConnectParticipantWithLexBot" => &[
            "Text",
            "SSML",
            "PromptId",
            "Media",
            "LexBot",
            "LexV2Bot",
            "LexSessionAttributes",
            "LexTimeoutSeconds",
            // Of the older export, for keys.
            "StoreInput",
            "InputTimeLimitSeconds",
        ],
        "UpdateContactTextToSpeechVoice" => &["TextToSpeechVoice", "TextToSpeechEngine", "TextToSpeechStyle"],
        "DisconnectParticipant"
        | "EndFlowExecution"
        | "EndFlowModuleExecution"
        | "DistributeByPercentage" => &[],
        "Compare" => &["ComparisonValue"],
        "CheckHoursOfOperation" => &["HoursOfOperationId", "Hours"],
        "CheckMetricData" => &["MetricType", "QueueId"],
        "Loop" => &["LoopCount", "Count"],
        "UpdateContactTargetQueue" => &["QueueId", "AgentId"],
        "TransferContactToQueue" | "DequeueContactAndTransferToQueue" => &["QueueId"],
        "TransferContactToAgent" => &["AgentId"],
        "TransferParticipantToThirdParty" => &[
            "ThirdPartyPhoneNumber",
            "ThirdPartyConnectionTimeLimitSeconds",
            "ContinueFlowExecution",
            "CallerId",
            "ThirdPartyDTMFDigits",
        ],
        "UpdateContactRoutingBehavior" => &["QueuePriority", "QueueTimeAdjustmentSeconds"],
        "UpdateRoutingCriteria" | "UpdateContactRoutingCriteria" => &["RoutingCriteria", "Steps"],
        // The configuration switches hooks off, which are left out in any case.
        "UpdateContactEventHooks" => &["EventHooks", "EventHooksConfiguration"],
        "UpdateContactCallbackNumber" => &["CallbackNumber"],
        "CreateCallbackContact" => &[
            "QueueId",
            "InitialCallDelaySeconds",
            "MaximumConnectionAttempts",
            "RetryDelaySeconds",
            "CallerId",
            "ContactFlowId",
        ],
        "UpdateContactAttributes" => &["Attributes", "TargetContact"],
        "UpdateFlowAttributes" => &["FlowAttributes"],
        "UpdateContactRecordingBehavior" | "UpdateContactRecordingAndAnalyticsBehavior" => {
            &["RecordingBehavior", "AnalyticsBehavior"]
        }
        "InvokeLambdaFunction" => &[
            "LambdaFunctionARN",
            "InvocationTimeLimitSeconds",
            "LambdaInvocationAttributes",
            "InvocationType",
            // An answer of either form can be pointed into.
            "ResponseValidation",
        ],
        "InvokeFlowModule" => &["FlowModuleId"],
        "TransferToFlow" => &["ContactFlowId"],
        _ => return None,
    })
}

/// Why a type of action is kept as it is.
pub(super) fn unsupported_reason(action_type: &str) -> String {
    let why = match action_type {
        "CreateTask" | "StartOutboundChatContact" | "CompleteOutboundCall" => "a flow here makes no contacts",
        "CreateCase" | "GetCase" | "UpdateCase" => "there are no cases here",
        "TagContact" | "UnTagContact" => "a call has no tags here; `saveContact` tags who calls",
        "Wait" | "ShowView" | "StartVoiceIdStream" | "CheckVoiceId" => {
            "there is nothing like it in a call here"
        }
        "CheckOutboundCallStatus" => "a flow here begins with an incoming call",
        "UpdatePreviousContactParticipantState" => "who is held is decided by agents here",
        "UpdateContactMediaStreamingBehavior" => "the audio of a call is not streamed to others here",
        _ => return format!("`{}` is no type of action that is known", cut(action_type, 60)),
    };
    why.to_owned()
}
