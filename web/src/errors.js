/** What a visitor can mend: a sentence that is shown as it is. All else is a defect of ours. */
export class UserError extends Error {}
