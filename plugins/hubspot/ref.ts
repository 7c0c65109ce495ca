import { type Json, z } from '../../src/plugin.ts'

const state = z.enum(['register', 'attend', 'cancel'])
const schema = z.object({
  contact: z.string().optional(),
  attendance: z.object({ event: z.string(), state, at: z.number(), who: z.string() }).optional(),
  event: z.object({ id: z.string().optional(), canceled: z.boolean(), completed: z.boolean() }).optional(),
  erased: z.boolean().optional(),
})

/** What HubSpot calls the states of a person at an event. */
export type AttendanceState = z.output<typeof state>

/** The last state of a person at an event that was sent. */
export interface SentAttendance {
  readonly event: string
  readonly state: AttendanceState
  /** `interactionDateTime`, milliseconds since 1970. */
  readonly at: number
  /** Mark of the address. */
  readonly who: string
}

/** What is kept of a record between its states. No address: ids of HubSpot and a mark. */
export interface Ref {
  /** HubSpot's id of the contact. */
  readonly contact?: string | undefined
  readonly attendance?: SentAttendance | undefined
  readonly event?:
    | { readonly id?: string | undefined; readonly canceled: boolean; readonly completed: boolean }
    | undefined
  /** The person has been forgotten. */
  readonly erased?: boolean | undefined
}

/** Empty for what is no ref of ours. */
export function readRef(ref: Json | undefined): Ref {
  return schema.safeParse(ref).data ?? {}
}

/** As it is kept. */
export const toJson = (ref: Ref): Json => JSON.parse(JSON.stringify(ref)) as Json
