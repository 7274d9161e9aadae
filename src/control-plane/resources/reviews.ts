// The questions that programs ask a main API server.

import type { Resource } from "../../server/door.ts";
import { accessReviews } from "./access-reviews.ts";
import type { ReviewAnswers } from "./review-kind.ts";
import { selfRulesReview } from "./rules-review.ts";
import { selfSubjectReview, tokenReview } from "./user-reviews.ts";

/** All review resources. */
export function reviewResources(answers: ReviewAnswers): Resource[] {
  return [...accessReviews(answers), selfRulesReview(answers), tokenReview(answers), selfSubjectReview()];
}
