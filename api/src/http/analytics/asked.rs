//! What every report is asked by.

use entity::Attribution;
use poem::{Request, RequestBody};
use poem_openapi::param::Query;
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromParameter, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, Object};

use super::super::Word;
use crate::reports::ask::Question;

/// The parameters of the address, each by itself: the specification unfolds them ([`super::super::spec`]).
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct Range {
    /// A day of the zone, or a moment.
    from: Option<String>,
    /// The last day of the range, or the moment at which it ends.
    to: Option<String>,
    /// The zone whose days and hours are meant, as Europe/Berlin; the company's unless said.
    tz: Option<String>,
    /// To which interval a call's figures belong; `activity_driven` unless said.
    attribution: Option<Word<Attribution>>,
}

/// A range with its zone, and how it is counted.
pub struct Asked(pub Question);

impl<'a> ApiExtractor<'a> for Asked {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = false;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Range::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(Range::schema_ref())
    }

    async fn from_request(
        request: &Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let range = Range {
            from: parameter(request, body, "from").await?,
            to: parameter(request, body, "to").await?,
            tz: parameter(request, body, "tz").await?,
            attribution: parameter(request, body, "attribution").await?,
        };
        let attribution = range.attribution.map(|word| word.0);
        let Range { from, to, tz, .. } = range;
        Ok(Self(Question { from, to, tz, attribution, ..Question::default() }))
    }
}

async fn parameter<T: ParseFromParameter>(
    request: &Request,
    body: &mut RequestBody,
    name: &'static str,
) -> poem::Result<Option<T>> {
    let options = ExtractParamOptions {
        name,
        default_value: None,
        ignore_case: false,
        example_value: None,
        explode: true,
        style: None,
    };
    let Query(value) = Query::<Option<T>>::from_request(request, body, options).await?;
    Ok(value)
}
