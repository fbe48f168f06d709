using System.Buffers;
using ActorSocket.Delivery;
using ActorSocket.Sessions;

namespace ActorSocket.Transports;

/// <summary>Why a request is not for the session that it names.</summary>
internal enum Mismatch { None, Protocol, Transport }

/// <summary>
/// The rules of HTTP long-polling (E-42 to E-47): the same for a request that came to the session's node and for one that came to another
/// and was passed on. Whoever breaks one is answered 400, and mostly the session ends.
/// </summary>
internal static class PollingRules
{
    /// <summary>Whether a GET or POST is for this session as it is.</summary>
    public static Mismatch Check(EngineConnection connection, bool isRevision3, bool isForWebSocket) =>
        isRevision3 != connection.IsRevision3 ? Mismatch.Protocol
        : isForWebSocket || connection.IsWebSocket ? Mismatch.Transport
        : Mismatch.None;

    /// <summary>A GET waits for packets. False: one waits already, which ends the session (E-42), or it does not poll any more.</summary>
    public static bool TryPark(EngineConnection connection, PollWaiter waiter)
    {
        var result = connection.Outbound.TryPark(waiter);
        if (result == ParkResult.Overlap)
            connection.Fail(null, DisconnectReason.TransportError, "overlap from client");
        return result == ParkResult.Parked;
    }

    /// <summary>The client of a GET is gone; also when it was answered meanwhile, since the client has not got the answer (E-47).</summary>
    public static void Cut(EngineConnection connection, PollWaiter? waiter)
    {
        if (waiter is not null && connection.Outbound.Unpark(waiter))
            waiter.Complete();
        connection.Fail(null, DisconnectReason.TransportError, "poll connection closed prematurely");
    }

    /// <summary>Whether a POST may be of this kind; false ends the session (E-44).</summary>
    public static bool MayBe(EngineConnection connection, bool isOctetStream)
    {
        if (!isOctetStream || connection.IsRevision3)
            return true;
        connection.Fail(null, DisconnectReason.TransportError, "invalid content");
        return false;
    }

    /// <summary>
    /// A POST begins, and <see cref="EngineConnection.EndPost"/> follows. False: one is under way, which ends the session (E-45).
    /// </summary>
    public static bool TryBeginPost(EngineConnection connection)
    {
        if (connection.TryBeginPost())
            return true;
        connection.Fail(null, DisconnectReason.TransportError, "data request overlap from client");
        return false;
    }

    /// <summary>A POST was cut before all of it was there: nothing is delivered, and the session ends (E-47).</summary>
    public static void PostCut(EngineConnection connection, string why = "data request connection closed prematurely") =>
        connection.Fail(null, DisconnectReason.TransportError, why);

    /// <summary>
    /// Takes the whole body of a POST. It is to be answered, and ended, once the <see cref="EngineConnection.Backlog"/> can be read on:
    /// where handlers lag, the answer waits, and with it the client.
    /// </summary>
    /// <param name="connection">Whose request.</param>
    /// <param name="placement">Of the sessions.</param>
    /// <param name="body">
    /// The body, of at most <see cref="EngineIoOptions.MaxHttpBufferSize"/>; a longer one is answered 413 (E-46).
    /// </param>
    /// <param name="isOctetStream">Whether it is in the binary form of revision 3.</param>
    /// <param name="isForm">Whether it is a form of a script's (E-52).</param>
    public static async ValueTask TakeAsync(
        EngineConnection connection, ISessionPlacement placement, ReadOnlySequence<byte> body, bool isOctetStream, bool isForm)
    {
        await placement.BeforeTakingAsync(connection, body).ConfigureAwait(false);
        if (isForm)
        {
            connection.Inbound.AddPayload(JsonPolling.Unwrap(body.ToArray()));
            return;
        }
        if (body.IsSingleSegment)
        {
            connection.Inbound.AddPayload(body.FirstSpan, isOctetStream);
            return;
        }
        var whole = ArrayPool<byte>.Shared.Rent((int)body.Length);
        body.CopyTo(whole);
        connection.Inbound.AddPayload(whole.AsSpan(0, (int)body.Length), isOctetStream);
        ArrayPool<byte>.Shared.Return(whole);
    }
}
