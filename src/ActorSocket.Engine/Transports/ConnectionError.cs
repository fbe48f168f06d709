using Microsoft.AspNetCore.Http;

namespace ActorSocket;

/// <summary>A request that was refused before it became, or reached, a connection.</summary>
/// <param name="HttpContext">The request. Valid while the handler runs.</param>
/// <param name="Code">
/// Engine.IO's code: 0 unknown transport, 1 unknown sid, 2 bad handshake method, 3 bad request, 4 forbidden, 5 unsupported protocol
/// version.
/// </param>
/// <param name="Message">
/// What the code means. A client that <see cref="EngineIoOptions.AllowRequest"/> refused with a text is told that instead.
/// </param>
/// <param name="Context">
/// More about it, by the official server's names: <c>transport</c>, <c>sid</c>, <c>method</c>, <c>protocol</c>, <c>message</c> (the text of
/// <c>AllowRequest</c>); of a bad request its <c>name</c>, as <c>TRANSPORT_MISMATCH</c>. Written by the client: not to be trusted, or
/// logged as it is.
/// </param>
public sealed record ConnectionError(HttpContext HttpContext, int Code, string Message, IReadOnlyDictionary<string, string> Context);
