/** A file `init` writes, relative to the working directory. */
export interface InitFile {
  readonly path: string
  readonly content: string
  /** Permissions, as for `chmod`. */
  readonly mode: number
}

/** What `init` fills in. */
export interface InitFacts {
  /** A new secret for Bevy. */
  readonly secret: string
  /** Where `config/schema.json` lies, as seen from the new file, for editors. */
  readonly schema: string
}

/** The files a new installation begins with: a commented config, and the `.env` with its secret. */
export function initFiles({ secret, schema }: InitFacts): readonly InitFile[] {
  return [
    { path: 'bevy-bridge.yaml', content: `# yaml-language-server: $schema=${schema}\n${CONFIG}`, mode: 0o644 },
    { path: '.env', content: toEnv(secret), mode: 0o600 },
  ]
}

const toEnv = (
  secret: string,
): string => `# Secrets of bevy-bridge.yaml, used there as \${NAME}. Never commit this file.

# The secret Bevy sends with each delivery. Enter it in Bevy as "Webhooks Secret".
BEVY_SECRET=${secret}
# While you change it: the old one, so that nothing is refused.
BEVY_SECRET_OLD=

# RELAY_URL=https://example.org/hook
# RELAY_SECRET=whsec_...
# OPS_SLACK_URL=https://hooks.slack.com/services/...
`

const CONFIG = `#
# Where deliveries of Bevy go. Look it over with \`bevy-bridge check\`; a running bridge picks up changes by itself.
# Values may use \${NAME} (from the environment or .env), \${NAME:-default} and \${file:/run/secrets/name}. Put them in quotes.

# timezone: Europe/Berlin

receiver:
  port: 8080
  path: /bevy
  # publicUrl: https://hooks.example.org/bevy
  secretHeader: X-BEVY-SECRET # in Bevy: "Webhooks Secret Key"
  secrets: ["\${BEVY_SECRET:-}", "\${BEVY_SECRET_OLD:-}"]

# Filters that routes share with \`use\`.
# filters:
#   public: { event: { status: Published, is_test: { $neq: true }, is_hidden: { $neq: true } } }

destinations:
  # Every state of every record, as rows of CSV files.
  export:
    plugin: csv
    options:
      path: "exports/{{ type }}/{{ type }}.csv"

  # Sent on to a service of yours, signed (https://www.standardwebhooks.com).
  # relay:
  #   plugin: webhook
  #   options:
  #     url: "\${RELAY_URL}"
  #     secrets: ["\${RELAY_SECRET}"]

routes:
  - name: everything # no \`when\`: all records
    to: [export]
  # - name: published-events
  #   use: [public]
  #   when: { type: event }
  #   to: [relay]

# Who is told when something goes wrong. \`bevy-bridge alerts test\` tries it.
# alerts:
#   channels:
#     ops: { kind: slack, webhookUrl: "\${OPS_SLACK_URL}" }
`
