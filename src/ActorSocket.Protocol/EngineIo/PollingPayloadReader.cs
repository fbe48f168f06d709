using System.Text.Unicode;

namespace ActorSocket.Protocol.EngineIo;

/// <summary>Reads the packets of one payload, in order; what stands before an error is returned first.</summary>
internal interface IPayloadReader
{
    /// <summary>Whether it is malformed from where it has been read to.</summary>
    bool Failed { get; }

    bool TryRead(out EngineIoPacket packet);
}

/// <summary>Reads the packets of one long-polling payload, in order; what stands before an error is returned first (E-34).</summary>
internal ref struct PollingPayloadReader : IPayloadReader
{
    private const byte Separator = 0x1E;

    private readonly int _maxPackets;
    private ReadOnlySpan<byte> _rest;
    private int _count;
    private bool _ended;

    public PollingPayloadReader(ReadOnlySpan<byte> payload, ProtocolLimits limits)
    {
        _rest = payload;
        _maxPackets = limits.MaxPacketsPerPayload;
        Failed = !Utf8.IsValid(payload);
    }

    public bool Failed { get; private set; }

    // payload = packet *( %x1E packet )          Engine.IO protocol v4, "HTTP long-polling: packet encoding"
    public bool TryRead(out EngineIoPacket packet)
    {
        packet = default;
        if (Failed || _ended)
            return false;
        var end = _rest.IndexOf(Separator);
        var text = end < 0 ? _rest : _rest[..end];
        _ended = end < 0;
        _rest = end < 0 ? [] : _rest[(end + 1)..];
        if (++_count > _maxPackets || !EngineIoReader.TryRead(text, out packet))
        {
            Failed = true;
            return false;
        }
        return true;
    }
}
