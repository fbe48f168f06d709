using System.Buffers;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Transports;

/// <summary>What one poll is answered with, encoded: on the node of the session, whichever node the poll came to.</summary>
internal readonly record struct PollPayload(ReadOnlyMemory<byte> Body, bool IsOctetStream, bool MayCompress)
{
    public static PollPayload Of(WireForm form, EncodedFrame[] frames, string jsonp)
    {
        var body = new ArrayBufferWriter<byte>(256);
        var octetStream = form == WireForm.Revision3 && Array.Exists(frames, static frame => frame.HasAttachments);
        for (var i = 0; i < frames.Length; i++)
        {
            if (form.IsRevision3())
            {
                frames[i].WritePollingRevision3(body, octetStream);
                continue;
            }
            if (i > 0)
                body.Write("\x1e"u8);
            frames[i].WritePolling(body);
        }
        if (jsonp.Length > 0)
            body = JsonPolling.Wrap(jsonp, body.WrittenSpan);
        return new PollPayload(body.WrittenMemory, octetStream, Array.Exists(frames, static frame => frame.Compress));
    }
}
