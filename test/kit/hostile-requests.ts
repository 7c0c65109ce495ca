/** Requests with the right secret that no honest sender makes. `inner` is a whole request hidden in the body of some. */
export interface HostileRequests {
  /** Ambiguous or broken: closed without a byte, nothing of them stored. */
  readonly refused: Readonly<Record<string, string>>
  /** Odd but clear, or broken only after a whole body: `200` or nothing. */
  readonly odd: Readonly<Record<string, string>>
}

/** Makes them; `secret` is the header line with the right one. */
export function hostileRequests(secret: string): HostileRequests {
  const post = (headers: string, body = '[]'): string =>
    `POST /bevy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${secret}\r\n${headers}\r\n${body}`
  const length = (value: string, body?: string): string => post(`Content-Length: ${value}\r\n`, body)
  const encoding = (value: string, body?: string): string => post(`Transfer-Encoding: ${value}\r\n`, body)
  const chunked = (body: string): string => encoding('chunked', body)
  const smuggled = '[{"type":"smuggled","data":[{"id":1}]}]'
  const inner = `POST /bevy HTTP/1.1\r\nHost: a\r\n${secret}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`
  const whole = '2\r\n[]\r\n0\r\n\r\n'
  const many = (count: number): string => 'A: b\r\n'.repeat(count)
  return {
    refused: {
      'a negative length': length('-2'),
      'a length with a sign': length('+2'),
      'a list of lengths': length(`2, ${inner.length}`, `[]${inner}`),
      'a length in hex': length('0x2'),
      'no length in the header': length(''),
      'a length with an exponent': length('2e0'),
      'two numbers as length': length('1 2', 'x'.repeat(12)),
      'a length past 2^64': length('18446744073709551618'),
      'a length beyond the limit': length('9007199254740991'),
      'a space before the colon of the length': post('Content-Length : 2\r\n'),
      'two lengths': post(`Content-Length: 2\r\nContent-Length: ${inner.length}\r\n`, `[]${inner}`),
      'chunks, then a length': post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${inner}`),
      'a length, then chunks': post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${inner}`),
      'a space before the colon': post('Transfer-Encoding : chunked\r\nContent-Length: 2\r\n'),
      'a near miss': post('Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n'),
      'a vertical tab': post('Transfer-Encoding: \x0bchunked\r\nContent-Length: 2\r\n'),
      'quotes around it': post('Transfer-Encoding: "chunked"\r\nContent-Length: 2\r\n'),
      'a carriage return in a name': post('Transfer-Encoding\r: chunked\r\nContent-Length: 2\r\n'),
      'identity and a length': post('Transfer-Encoding: identity\r\nContent-Length: 2\r\n'),
      'chunked, but not last': encoding('chunked, identity', whole),
      'two encodings in two headers': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', whole),
      'a folded header': post('Transfer-Encoding:\r\n chunked\r\n', whole),
      'line feeds alone': length('2').replaceAll('\r\n', '\n'),
      'a bare carriage return': post('X: a\rContent-Length: 2\r\nContent-Length: 2\r\n'),
      'a header that begins with a space': post(' X: y\r\nContent-Length: 2\r\n'),
      'a chunk size in hex notation': chunked('0x2\r\n[]\r\n0\r\n\r\n'),
      'a chunk size with a sign': chunked('+2\r\n[]\r\n0\r\n\r\n'),
      'a negative chunk': chunked('-2\r\n[]\r\n0\r\n\r\n'),
      'a space behind the chunk size': chunked('2 \r\n[]\r\n0\r\n\r\n'),
      'a line feed in a chunk extension': chunked('2;a\n[]\r\n0\r\n\r\n'),
      'chunks with line feeds alone': chunked('2\n[]\n0\n\n'),
      'a chunk size past 2^64': chunked('10000000000000002\r\n[]\r\n0\r\n\r\n'),
      'a chunk longer than it says': chunked('2\r\n[]XX0\r\n\r\n'),
      'a chunk extension without end': chunked(`2;${'a'.repeat(100_000)}\r\n[]\r\n0\r\n\r\n`),
      'a trailer without end': chunked(`2\r\n[]\r\n0\r\nA: ${'a'.repeat(100_000)}\r\n\r\n`),
      'a flood of trailers': chunked(`2\r\n[]\r\n0\r\n${many(20_000)}\r\n`),
      'a flood of headers': post(`${many(5_000)}Content-Length: 2\r\n`),
      'a megabyte in one header': post(`A: ${'b'.repeat(1_000_000)}\r\nContent-Length: 2\r\n`),
      'a version to come': length('2').replace('HTTP/1.1', 'HTTP/1.2'),
      'a method of two words': length('2').replace('POST', 'PO ST'),
      'a NUL in the path': length('2').replace('/bevy', '/bevy\0'),
      'less than the length says': length('1000', '[]'),
      'chunks without the last one': chunked('2\r\n[]\r\n'),
    },
    odd: {
      'more than the length says': length('2', '[]{"more":1}'),
      'the same length twice': post('Content-Length: 2\r\nContent-Length: 2\r\n'),
      'an empty encoding and a length': post('Transfer-Encoding: \r\nContent-Length: 2\r\n'),
      'zeros before the length': length('0000000002'),
      'spaces around the length': length('   2   '),
      'a length named wrongly': post('Content_Length: 2\r\n'),
      'a tab before it': post('Transfer-Encoding:\tchunked\r\n', whole),
      'in capitals': post('TRANSFER-ENCODING: CHUNKED\r\n', whole),
      'gzip, chunked': encoding('gzip, chunked', whole),
      'chunks in HTTP/1.0': encoding('chunked', whole).replace('HTTP/1.1', 'HTTP/1.0'),
      'chunk extensions': chunked('2;a=b;c\r\n[]\r\n0\r\n\r\n'),
      'a length in a trailer': chunked('2\r\n[]\r\n0\r\nContent-Length: 50\r\n\r\n'),
      'HTTP/2.0 in words': length('2').replace('HTTP/1.1', 'HTTP/2.0'),
      'two hosts': post('Host: b\r\nContent-Length: 2\r\n'),
      'no host': length('2').replace('Host: a\r\n', ''),
      'another secret beside the right one': post(`${secret.replace(/: .*/, ': x')}\r\nContent-Length: 2\r\n`),
      'bytes that are no ASCII': post('A: \xff\xfe\r\nContent-Length: 2\r\n'),
      'a wish for a websocket': post('Upgrade: websocket\r\nContent-Length: 2\r\n').replace('close', 'Upgrade, close'),
      'two expectations': post('Expect: 100-continue, foo\r\nContent-Length: 2\r\n'),
      'empty lines first': `\r\n\r\n${length('2')}`,
    },
  }
}
