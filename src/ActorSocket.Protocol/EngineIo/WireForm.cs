namespace ActorSocket.Protocol.EngineIo;

/// <summary>How one connection's Engine.IO packets look on the wire.</summary>
[Flags]
internal enum WireForm
{
    /// <summary>Engine.IO protocol 4, binary as binary where the transport can.</summary>
    Standard = 0,

    /// <summary>Binary as base64 text on every transport (E-33).</summary>
    Base64 = 1,

    /// <summary>Engine.IO protocol 3, for Socket.IO 2 clients (E-110).</summary>
    Revision3 = 2,

    /// <summary>
    /// The link compresses; packets that shall not be bear a mark for it (<see cref="WebSockets.FrameWriter.PlainMark"/>).
    /// </summary>
    Deflated = 4,
}

/// <summary>Asked for each packet: bit by bit, because <c>HasFlag</c> allocates until the JIT has optimised its caller.</summary>
internal static class WireForms
{
    public static bool IsRevision3(this WireForm form) => (form & WireForm.Revision3) != WireForm.Standard;

    public static bool IsDeflated(this WireForm form) => (form & WireForm.Deflated) != WireForm.Standard;

    public static bool IsBase64(this WireForm form) => (form & WireForm.Base64) != WireForm.Standard;
}
