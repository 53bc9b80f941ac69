/** What makes the screen easier for this guest: larger text, buttons within reach of the other hand. */

export class Comfort {
  large = $state(false);
  left = $state(false);

  /** Which way a row runs whose last thing is under the hand: on the right unless asked otherwise. */
  get row(): string {
    return this.left ? "flex-row-reverse rtl:flex-row" : "rtl:flex-row-reverse";
  }

  /** Both are seen by the style sheet on the page's root. */
  show(): void {
    const { dataset } = document.documentElement;
    if (this.large) dataset.large = "";
    else delete dataset.large;
  }

  reset(): void {
    this.large = false;
    this.left = false;
  }
}
