// Who is this? Asked about a token, or by somebody about themselves.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/

import { StatusError, Type } from "../../api/door.ts";
import { defineResource, type Resource, type UserInfo } from "../../server/door.ts";
import { cellText, part } from "./columns.ts";
import { atomicList, flag, struct, text } from "./fields.ts";
import { extra, type ReviewAnswers, review, reviewRules } from "./review-kind.ts";

const userInfo = Type.Object(
  {
    username: text("Name of the user."),
    uid: text("Identity that outlives the name."),
    groups: atomicList(Type.String(), "Groups of the user."),
    extra,
  },
  { $id: "UserInfo", description: "Who somebody is." },
);
/** Who asks. */
export function selfSubjectReview(): Resource {
  const schema = Type.Object({
    status: struct(
      Type.Object({ userInfo: struct(userInfo) }, { $id: "SelfSubjectReviewStatus", description: "The answer." }),
    ),
  });
  return defineResource(review("authentication.k8s.io", "SelfSubjectReview", "Cluster", schema), {
    ...reviewRules,
    answerCreate: async (object, { user }) => ({ ...object, status: { userInfo: formatUser(user) } }),
  });
}

/** Whose token it is. */
export function tokenReview(answers: ReviewAnswers): Resource {
  const schema = Type.Object({
    spec: Type.Object(
      { token: text("The token, opaque."), audiences: atomicList(Type.String(), "Whom the token must be meant for.") },
      { $id: "TokenReviewSpec", description: "The question.", fieldDescription: "The question." },
    ),
    status: struct(
      Type.Object(
        {
          authenticated: flag("Whether the token is somebody's."),
          user: struct(userInfo),
          audiences: atomicList(Type.String(), "Which of the audiences asked for the token is meant for."),
          error: text("Why it could not be checked."),
        },
        { $id: "TokenReviewStatus", description: "The answer." },
      ),
    ),
  });
  return defineResource(review("authentication.k8s.io", "TokenReview", "Cluster", schema), {
    ...reviewRules,
    async answerCreate(object) {
      const { token, audiences } = part(object, "spec");
      if (cellText(token) === "") throw StatusError.badRequest("token is required for TokenReview in authentication");
      const wanted = Array.isArray(audiences) ? audiences.map(String) : [];
      const found = await answers.authenticateToken(cellText(token), wanted);
      if ("refusal" in found)
        return { ...object, status: { user: {}, error: `[invalid bearer token, ${found.refusal}]` } };
      return { ...object, status: { authenticated: true, user: formatUser(found.user), audiences: found.audiences } };
    },
  });
}

function formatUser({ name, uid, groups, extra: more }: UserInfo): object {
  return {
    username: name,
    ...(uid === "" ? {} : { uid }),
    groups,
    ...(Object.keys(more).length === 0 ? {} : { extra: more }),
  };
}
