//! What to do about a permission that is missing: the action, the resource, and what grants it.

/// What template.yaml grants without a parameter.
const GRANTED: [&str; 6] = [
    "iot:CreateJobTemplate",
    "iot:DeleteJobTemplate",
    "iot:DescribeJobTemplate",
    "iot:ListTagsForResource",
    "iot:TagResource",
    "iot:UntagResource",
];

/// For an error from IoT that says the function's role may not do something; `None` for any other.
pub fn hint(operation: &str, code: &str, message: &str) -> Option<String> {
    if !matches!(
        code,
        "AccessDenied" | "AccessDeniedException" | "ForbiddenException" | "UnauthorizedException"
    ) {
        return None;
    }
    // "User: ARN is not authorized to perform: ACTION on resource: ARN because …", where AWS says it at all.
    let action = word_after(message, "to perform: ").map_or_else(|| format!("iot:{operation}"), str::to_owned);
    let resource = word_after(message, "on resource: ")
        .map(|resource| format!(" on {resource}"))
        .unwrap_or_default();
    let remedy = match action.as_str() {
        "iam:PassRole" => "name that role in the parameter PresignedUrlRoleArns of the provider's stack",
        action if action.starts_with("s3:") => {
            "name the document in the parameter DocumentArns of the provider's stack"
        }
        action if GRANTED.contains(&action) => {
            "the provider's template grants it; look for a role that was changed, a permissions boundary or a service \
             control policy"
        }
        _ => "the provider's template does not grant it; grant it to that role",
    };
    Some(format!("The provider's role lacks {action}{resource}: {remedy}"))
}

fn word_after<'a>(message: &'a str, lead: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(lead)?;
    let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',', ';']);
    Some(word).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const DENIED: &str = "AccessDeniedException";

    /// The words of template.yaml.
    fn template() -> Vec<&'static str> {
        include_str!("../../template.yaml").split_whitespace().collect()
    }

    #[test]
    fn what_counts_as_granted_is_what_the_template_grants() {
        let granted = template().into_iter().filter(|word| word.starts_with("iot:"));

        assert_eq!(granted.collect::<BTreeSet<_>>(), BTreeSet::from(GRANTED));
    }

    #[test]
    fn what_the_template_does_not_grant_at_all_is_to_be_granted() {
        let message = "User: u is not authorized to perform: kms:Decrypt on resource: key";

        let hint = hint("CreateJobTemplate", DENIED, message).unwrap();

        assert!(
            hint.starts_with("The provider's role lacks kms:Decrypt on key: the provider's template does not grant it"),
            "{hint}"
        );
    }

    #[test]
    fn an_action_that_is_denied_is_named_with_its_resource() {
        let message = "User: arn:aws:sts::123456789012:assumed-role/provider/function is not authorized to perform: \
                       iot:CreateJobTemplate on resource: arn:aws:iot:eu-central-1:123456789012:jobtemplate/reboot \
                       because no identity-based policy allows the iot:CreateJobTemplate action";

        let hint = hint("CreateJobTemplate", DENIED, message).unwrap();

        assert!(
            hint.starts_with(
                "The provider's role lacks iot:CreateJobTemplate on \
                 arn:aws:iot:eu-central-1:123456789012:jobtemplate/reboot: the provider's template grants it"
            ),
            "{hint}"
        );
    }

    #[test]
    fn where_no_action_is_named_it_is_the_operations_own() {
        let hint = hint("DeleteJobTemplate", DENIED, "Access denied").unwrap();

        assert!(
            hint.starts_with("The provider's role lacks iot:DeleteJobTemplate: "),
            "{hint}"
        );
    }

    #[test]
    fn a_role_or_a_document_is_granted_by_a_parameter() {
        for (action, resource, parameter) in [
            (
                "iam:PassRole",
                "arn:aws:iam::123456789012:role/IoTJobRole",
                "PresignedUrlRoleArns",
            ),
            ("s3:GetObject", "arn:aws:s3:::my-bucket/document.json", "DocumentArns"),
        ] {
            let message = format!("User: u is not authorized to perform: {action} on resource: {resource}.");

            let hint = hint("CreateJobTemplate", DENIED, &message).unwrap();

            assert!(hint.contains(&format!("lacks {action} on {resource}: ")), "{hint}");
            assert!(hint.contains(&format!("the parameter {parameter} of")), "{hint}");
            let grant = format!("Action: {action} Resource: !Ref {parameter} ");
            assert!(template().join(" ").contains(&grant), "{grant}");
        }
    }

    #[test]
    fn other_errors_have_nothing_to_do_with_permissions() {
        assert_eq!(
            hint("CreateJobTemplate", "InvalidRequestException", "to perform: x"),
            None
        );
    }
}
