//! What the cfn-lint rule has to know beside the schema.

use iot_job_template_core::cloudformation::owner::PROVIDER_TAGS;
use iot_job_template_core::properties::spec::PROPERTIES;

/// The keys of other operations and what to say of them, as the entries of a Python dictionary.
pub fn keys_of_others() -> String {
    let mut text = "KEYS_OF_OTHERS = {\n".to_owned();
    for others in PROPERTIES.others {
        for key in others.keys {
            text += &format!("    {key:?}: {:?},\n", others.hint);
        }
    }
    text + "}\n"
}

/// The tags that users cannot have, as a Python tuple.
pub fn provider_tags() -> String {
    let keys: String = PROVIDER_TAGS.iter().map(|key| format!("    {key:?},\n")).collect();
    format!("PROVIDER_TAGS = (\n{keys})\n")
}
