/** Made from bevy.openapi.yaml by test/unit/bevy-api-types.test.ts; not to be edited. */

export interface paths {
  '/event/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get: operations['listEvents']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/event/{id}/': {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    get: operations['readEvent']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/attendee/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get: operations['listAttendees']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/chapter/{id}/': {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    get: operations['readChapter']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/chapter/{id}/member/': {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    get: operations['listMembers']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/user/{id}/': {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    get: operations['readUser']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
}
export type webhooks = Record<string, never>
export interface components {
  schemas: {
    Problem: {
      detail?: string
    } & {
      [key: string]: unknown
    }
    Id: number | string
    Text: string | null
    /** @description `2023-10-23T19:29:28.589739Z` */
    Date: string | null
    Page: {
      count?: number
      links?: {
        next?: components['schemas']['Text']
        previous?: components['schemas']['Text']
      }
      pagination?: {
        current_page?: number
        next_page?: number | null
        previous_page?: number | null
        page_size?: number
      }
    }
    EventPage: components['schemas']['Page'] & {
      results?: components['schemas']['Event'][]
    }
    AttendeePage: components['schemas']['Page'] & {
      results?: components['schemas']['Attendee'][]
    }
    MemberPage: components['schemas']['Page'] & {
      results?: components['schemas']['Member'][]
    }
    Event: {
      id: components['schemas']['Id']
      title?: components['schemas']['Text']
      status?: components['schemas']['Text']
      start_date?: components['schemas']['Date']
      end_date?: components['schemas']['Date']
      created_ts?: components['schemas']['Date']
      updated_ts?: components['schemas']['Date']
      chapter?: components['schemas']['Chapter'] | components['schemas']['Id'] | null
    } & {
      [key: string]: unknown
    }
    Attendee: {
      id: components['schemas']['Id']
      event?: components['schemas']['Event'] | components['schemas']['Id'] | null
      event_id?: components['schemas']['Id']
      user?: components['schemas']['User'] | components['schemas']['Id'] | null
      status?: components['schemas']['Text']
      is_checked_in?: boolean
      created_date?: components['schemas']['Date']
      checkin_date?: components['schemas']['Date']
      deleted_date?: components['schemas']['Date']
      email?: components['schemas']['Text']
      masked_email?: components['schemas']['Text']
    } & {
      [key: string]: unknown
    }
    Chapter: {
      id: components['schemas']['Id']
      title?: components['schemas']['Text']
      timezone?: components['schemas']['Text']
    } & {
      [key: string]: unknown
    }
    Member: {
      id: components['schemas']['Id']
      user?: components['schemas']['User'] | components['schemas']['Id'] | null
      created_date?: components['schemas']['Date']
      departure_date?: components['schemas']['Date']
    } & {
      [key: string]: unknown
    }
    User: {
      id: components['schemas']['Id']
      first_name?: components['schemas']['Text']
      last_name?: components['schemas']['Text']
      email?: components['schemas']['Text']
    } & {
      [key: string]: unknown
    }
  }
  responses: {
    /** @description 400 `{ field: message }`, 403 `{ detail }`, 429 and 500 */
    Problem: {
      headers: {
        [name: string]: unknown
      }
      content: {
        'application/json': components['schemas']['Problem']
      }
    }
  }
  parameters: {
    id: string
    /** @description Taken from `links.next`, which may name it otherwise. */
    page: string
    page_size: number
  }
  requestBodies: never
  headers: never
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  listEvents: {
    parameters: {
      query?: {
        /** @description Taken from `links.next`, which may name it otherwise. */
        page?: components['parameters']['page']
        page_size?: components['parameters']['page_size']
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A page of all events */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['EventPage']
        }
      }
      default: components['responses']['Problem']
    }
  }
  readEvent: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The event */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Event']
        }
      }
      default: components['responses']['Problem']
    }
  }
  listAttendees: {
    parameters: {
      query: {
        event: string
        /** @description Taken from `links.next`, which may name it otherwise. */
        page?: components['parameters']['page']
        page_size?: components['parameters']['page_size']
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A page of the attendees of one event */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AttendeePage']
        }
      }
      default: components['responses']['Problem']
    }
  }
  readChapter: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The chapter */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Chapter']
        }
      }
      default: components['responses']['Problem']
    }
  }
  listMembers: {
    parameters: {
      query?: {
        /** @description Taken from `links.next`, which may name it otherwise. */
        page?: components['parameters']['page']
        page_size?: components['parameters']['page_size']
      }
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A page of the members of one chapter. The path is inferred from the names of clients' functions. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['MemberPage']
        }
      }
      default: components['responses']['Problem']
    }
  }
  readUser: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: components['parameters']['id']
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The account */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['User']
        }
      }
      default: components['responses']['Problem']
    }
  }
}
