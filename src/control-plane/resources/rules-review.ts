// What may I do? The rules that hold for whoever asks.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-rules-review-v1/

import { StatusError, Type } from "../../api/door.ts";
import { defineResource, type Resource } from "../../server/door.ts";
import { cellText, part } from "./columns.ts";
import { atomicList, struct, text } from "./fields.ts";
import { type ReviewAnswers, review, reviewRules } from "./review-kind.ts";

/** The rules that hold for whoever asks, in a namespace. */
export function selfRulesReview(answers: ReviewAnswers): Resource {
  const texts = (description: string) => atomicList(Type.String(), description);
  const verbs = texts("What may be done; * is everything.");
  const resourceRule = Type.Object(
    {
      verbs,
      apiGroups: texts("Groups of the resources; * is all."),
      resources: texts("Resources, or resource/subresource; * is all."),
      resourceNames: texts("Names that the rule is limited to; empty is all."),
    },
    { $id: "ResourceRule", description: "What may be done to which resources." },
  );
  const pathRule = Type.Object(
    { verbs, nonResourceURLs: texts("Paths; * may end one.") },
    { $id: "NonResourceRule", description: "What may be done with which paths." },
  );
  const schema = Type.Object({
    spec: struct(
      Type.Object(
        { namespace: text("The namespace asked about.") },
        { $id: "SelfSubjectRulesReviewSpec", description: "The question." },
      ),
    ),
    status: struct(
      Type.Object(
        {
          resourceRules: Type.Array(resourceRule, {
            default: [],
            keepEmpty: true,
            "x-kubernetes-list-type": "atomic",
            description: "What may be done with resources.",
          }),
          nonResourceRules: Type.Array(pathRule, {
            default: [],
            keepEmpty: true,
            "x-kubernetes-list-type": "atomic",
            description: "What may be done with paths.",
          }),
          incomplete: Type.Boolean({ default: false, description: "Whether there may be more." }),
          evaluationError: text("What went wrong on the way to the answer."),
        },
        { $id: "SubjectRulesReviewStatus", description: "The answer." },
      ),
    ),
  });
  return defineResource(review("authorization.k8s.io", "SelfSubjectRulesReview", "Cluster", schema), {
    ...reviewRules,
    async answerCreate(object, { user }) {
      const namespace = cellText(part(object, "spec").namespace);
      if (namespace === "") throw StatusError.badRequest("no namespace on request");
      return { ...object, status: { ...answers.rulesFor(user, namespace), incomplete: false } };
    },
  });
}
