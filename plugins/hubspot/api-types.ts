/** Made from openapi.yaml by api-types.test.ts; not to be edited. */

export interface paths {
  '/crm/properties/{version}/{objectType}': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    get: operations['readProperties']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/crm/objects/{version}/{objectType}/batch/upsert': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['upsertObjects']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/crm/objects/{version}/{objectType}/batch/update': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['updateObjects']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/crm/objects/{version}/{objectType}/batch/read': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['readObjects']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/crm/objects/{version}/contacts/gdpr-delete': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['forgetContact']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/crm/associations/{version}/{fromType}/{toType}/batch/associate/default': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        fromType: string
        toType: string
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['associate']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/marketing/marketing-events/{version}/events/upsert': {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['upsertEvents']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/marketing/marketing-events/{version}/events/{externalEventId}': {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
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
  '/marketing/marketing-events/{version}/events/{externalEventId}/cancel': {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['cancelEvent']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/marketing/marketing-events/{version}/events/{externalEventId}/complete': {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['completeEvent']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/marketing/marketing-events/{version}/attendance/{externalEventId}/{subscriberState}/email-create': {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
        subscriberState: 'register' | 'attend' | 'cancel'
      }
      cookie?: never
    }
    get?: never
    put?: never
    post: operations['recordAttendance']
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
    RecordId: string
    Values: {
      [key: string]: string
    }
    Upserts: {
      inputs: {
        id: string
        idProperty: string
        properties: components['schemas']['Values']
        objectWriteTraceId: string
      }[]
    }
    Updates: {
      inputs: {
        id: components['schemas']['RecordId']
        properties: components['schemas']['Values']
        objectWriteTraceId: string
      }[]
    }
    Reads: {
      idProperty: string
      properties: string[]
      inputs: {
        id: string
      }[]
    }
    Pair: {
      from: {
        id: components['schemas']['RecordId']
      }
      to: {
        id: components['schemas']['RecordId']
      }
    }
    Pairs: {
      inputs: components['schemas']['Pair'][]
    }
    Events: {
      inputs: components['schemas']['EventInput'][]
    }
    EventInput: {
      externalAccountId: string
      externalEventId: string
      eventName: string
      eventOrganizer: string
      eventType?: string
      eventDescription?: string
      eventUrl?: string
      /** Format: date-time */
      startDateTime?: string
      /** Format: date-time */
      endDateTime?: string
      eventCancelled?: boolean
      eventCompleted?: boolean
      customProperties?: {
        name: string
        value: string
      }[]
    }
    Attendances: {
      inputs: {
        email: string
        interactionDateTime: number
        properties?: {
          /** Format: date-time */
          joinedAt?: string
          /** Format: date-time */
          leftAt?: string
        }
        contactProperties?: components['schemas']['Values']
      }[]
    }
    Properties: {
      results?: components['schemas']['Property'][]
    }
    Property: {
      name: string
      label?: string
      type: string
      fieldType?: string
      hasUniqueValue?: boolean
      archived?: boolean
      options?: {
        label?: string
        value: string
      }[]
      modificationMetadata?: {
        readOnlyValue?: boolean
      }
    }
    ObjectsAnswer: {
      status?: string
      numErrors?: number
      errors?: components['schemas']['Problem'][]
      results?: {
        id?: string
        new?: boolean
        objectWriteTraceId?: string
        properties?: {
          [key: string]: string | null
        }
      }[]
    }
    PairsAnswer: {
      numErrors?: number
      errors?: components['schemas']['Problem'][]
      results?: components['schemas']['Pair'][]
    }
    Event: {
      id?: string
      objectId?: string
      externalEventId?: string
      eventName?: string
      eventCancelled?: boolean
      eventCompleted?: boolean
    }
    EventsAnswer: {
      numErrors?: number
      errors?: components['schemas']['Problem'][]
      results?: components['schemas']['Event'][]
    }
    AttendanceAnswer: {
      numErrors?: number
      errors?: components['schemas']['Problem'][]
      results?: {
        email?: string
        vid?: number
      }[]
    }
    /** @description Every field is optional; context holds lists of strings, or text. */
    Problem: {
      status?: string
      message?: string
      category?: string
      subCategory?: unknown
      errorType?: string
      policyName?: string
      correlationId?: string
      context?: {
        [key: string]: unknown
      }
      errors?: {
        message?: string
        code?: string
        in?: string
        context?: {
          [key: string]: unknown
        }
      }[]
    }
  }
  responses: {
    /** @description Objects */
    Objects: {
      headers: {
        [name: string]: unknown
      }
      content: {
        'application/json': components['schemas']['ObjectsAnswer']
      }
    }
    /** @description Pairs */
    Pairs: {
      headers: {
        [name: string]: unknown
      }
      content: {
        'application/json': components['schemas']['PairsAnswer']
      }
    }
    /** @description What went wrong */
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
    version: string
    objectType: string
    externalEventId: string
    externalAccountId: string
  }
  requestBodies: {
    Upserts: {
      content: {
        'application/json': components['schemas']['Upserts']
      }
    }
    Updates: {
      content: {
        'application/json': components['schemas']['Updates']
      }
    }
    Reads: {
      content: {
        'application/json': components['schemas']['Reads']
      }
    }
    Pairs: {
      content: {
        'application/json': components['schemas']['Pairs']
      }
    }
    Events: {
      content: {
        'application/json': components['schemas']['Events']
      }
    }
    Attendances: {
      content: {
        'application/json': components['schemas']['Attendances']
      }
    }
  }
  headers: never
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  readProperties: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description All properties */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Properties']
        }
      }
      default: components['responses']['Problem']
    }
  }
  upsertObjects: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    requestBody: components['requestBodies']['Upserts']
    responses: {
      200: components['responses']['Objects']
      207: components['responses']['Objects']
      default: components['responses']['Problem']
    }
  }
  updateObjects: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    requestBody: components['requestBodies']['Updates']
    responses: {
      200: components['responses']['Objects']
      207: components['responses']['Objects']
      default: components['responses']['Problem']
    }
  }
  readObjects: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        objectType: components['parameters']['objectType']
      }
      cookie?: never
    }
    requestBody: components['requestBodies']['Reads']
    responses: {
      200: components['responses']['Objects']
      207: components['responses']['Objects']
      default: components['responses']['Problem']
    }
  }
  forgetContact: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          objectId: components['schemas']['RecordId']
        }
      }
    }
    responses: {
      /** @description Forgotten for good */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      default: components['responses']['Problem']
    }
  }
  associate: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
        fromType: string
        toType: string
      }
      cookie?: never
    }
    requestBody: components['requestBodies']['Pairs']
    responses: {
      200: components['responses']['Pairs']
      207: components['responses']['Pairs']
      default: components['responses']['Problem']
    }
  }
  upsertEvents: {
    parameters: {
      query?: never
      header?: never
      path: {
        version: components['parameters']['version']
      }
      cookie?: never
    }
    requestBody: components['requestBodies']['Events']
    responses: {
      /** @description Events */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['EventsAnswer']
        }
      }
      /** @description Events */
      207: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['EventsAnswer']
        }
      }
      default: components['responses']['Problem']
    }
  }
  readEvent: {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
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
  cancelEvent: {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Canceled */
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
  completeEvent: {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          /** Format: date-time */
          startDateTime: string
          /** Format: date-time */
          endDateTime: string
        }
      }
    }
    responses: {
      /** @description Completed */
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
  recordAttendance: {
    parameters: {
      query: {
        externalAccountId: components['parameters']['externalAccountId']
      }
      header?: never
      path: {
        version: components['parameters']['version']
        externalEventId: components['parameters']['externalEventId']
        subscriberState: 'register' | 'attend' | 'cancel'
      }
      cookie?: never
    }
    requestBody: components['requestBodies']['Attendances']
    responses: {
      /** @description Recorded */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AttendanceAnswer']
        }
      }
      /** @description Recorded */
      207: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AttendanceAnswer']
        }
      }
      default: components['responses']['Problem']
    }
  }
}
