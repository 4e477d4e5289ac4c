// What the generated table is made of. The same kinds as in core/src/properties/kinds.rs.

/** What a member takes; `accepts` says it in the function's words. */
export type Kind = { readonly accepts: string } & (
  | { readonly kind: 'text'; readonly min: number; readonly max?: number; readonly class: string }
  | { readonly kind: 'integer' | 'between'; readonly min: number; readonly max: number }
  | { readonly kind: 'percentage'; readonly max: number }
  | { readonly kind: 'choice'; readonly of: string[]; readonly also: string[] }
  | { readonly kind: 'map'; readonly spec: MapSpec }
  | ListKind
  | { readonly kind: 'document'; readonly max: number }
  | { readonly kind: 'tags' | 'scalar' | 'ignored' }
);

export interface ListKind {
  readonly kind: 'list';
  readonly of: Kind;
  readonly min: number;
  readonly max?: number;
  /** A member of the items that no two of them may have in common. */
  readonly distinct?: string;
}

export interface MapSpec {
  readonly rule: string;
  /** Whether one of the members at most may be given. */
  readonly oneOnly: boolean;
  readonly members: Member[];
}

export interface Member {
  /** CloudFormation's name. */
  readonly name: string;
  /** This library's name, where it is a prop of its own. */
  readonly prop?: string;
  /** How the prop's value becomes that of the property. */
  readonly becomes?: string;
  readonly required: boolean;
  /** The member that this one is shorthand for. */
  readonly standsFor?: string;
  /** Another member, without which this one is refused. */
  readonly needs?: string;
  readonly kind: Kind;
}
