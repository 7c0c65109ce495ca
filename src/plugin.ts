/**
 * What a plugin is written with: `import { definePlugin, z } from 'bevy-bridge'`.
 */

export { z } from 'zod'
export * from './core/plugin-contract.ts'
