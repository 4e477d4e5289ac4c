/**
 * Which template that is not this resource's it takes over, where that is just as declared.
 *
 * An adopted template is given back, not deleted, when the resource is removed while it still has `adopt`.
 */
export class Adopt {
  /** A template that no stack owns. */
  public static unowned(): Adopt {
    return new Adopt('true');
  }

  /**
   * A template of this owner, or one that no stack owns.
   *
   * @param owner as errors name it: the other resource's logical id, for one of the same stack; or `STACK-ARN/LOGICALID`
   */
  public static ownedBy(owner: string): Adopt {
    return new Adopt(owner);
  }

  /** The value of the property. */
  public readonly value: string;

  private constructor(value: string) {
    this.value = value;
  }
}
