/** A second pair for tests only, beside the one in `tls.ts`: for renewals, and for a key that does not fit. */
export const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5Q2aoT9q4poWZmq2
75q9CoXXKSjj4LoxH25rA6AD1DGhRANCAAQ6YNv3xkUt+rJh1G4R7NRAdfnF8A2d
pTP399J7rliBCvSwjzAh+UVJOyla2Wa/Da4dQlTXa0TA6aaG128JuuFu
-----END PRIVATE KEY-----
`

/** The certificate of {@link OTHER_KEY}; its common name is `bevy-bridge other`. */
export const OTHER_CERT = `-----BEGIN CERTIFICATE-----
MIIBlzCCAT6gAwIBAgIBAjAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFiZXZ5LWJy
aWRnZSBvdGhlcjAgFw0yNjExMjQxMjIwMTNaGA8yMTI2MTAzMTEyMjAxM1owHDEa
MBgGA1UEAwwRYmV2eS1icmlkZ2Ugb3RoZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAQ6YNv3xkUt+rJh1G4R7NRAdfnF8A2dpTP399J7rliBCvSwjzAh+UVJOyla
2Wa/Da4dQlTXa0TA6aaG128JuuFuo28wbTAdBgNVHQ4EFgQUk2dOf2WM6j1gDN92
habWzItFQUgwHwYDVR0jBBgwFoAUk2dOf2WM6j1gDN92habWzItFQUgwDwYDVR0T
AQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0E
AwIDRwAwRAIgL5e37PJRMUP+WnEvkZwKix4Oro9U5kIT1TV45t0CaSwCIDthEeft
TLO9f1rqnm4x9/sP/YPD4r+gVqgFgDp3GVFv
-----END CERTIFICATE-----
`
