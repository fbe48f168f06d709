using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

/// <summary>
/// Requests that a load balancer sent to another node than their session's (<see cref="SessionGateway"/>, <see cref="SessionHome"/>).
/// </summary>
internal static partial class ClusterProtocol
{
    /// <summary>
    /// Something for the session with this id, wherever it lives. Answered with <see cref="RequestServed"/> or
    /// <see cref="RequestRefused"/>.
    /// </summary>
    internal interface ISessionRequest : IClusterMessage
    {
        string Sid { get; }

        long Request { get; }
    }

    /// <summary>
    /// What a request says of itself: the protocol revision, the transport in its query, and the tag of the node that it came to.
    /// </summary>
    internal readonly record struct RequestQuery(bool IsRevision3, bool IsForWebSocket, string Jsonp, string Gateway)
    {
        /// <summary>Of a request that no client made.</summary>
        public static readonly RequestQuery None = new(false, false, "", "");

        public static void Write(WireWriter wire, RequestQuery query) =>
            wire.Flag(query.IsRevision3).Flag(query.IsForWebSocket).Text(query.Jsonp).Text(query.Gateway);

        public static RequestQuery Read(ref WireReader wire) => new(wire.Flag(), wire.Flag(), wire.Text(), wire.Text());
    }

    /// <summary>A GET that waits for packets.</summary>
    internal sealed record PollRequest(string Sid, long Request, RequestQuery Query) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Record(Query, RequestQuery.Write);

        public static PollRequest Read(ref WireReader wire) => new(wire.Text(), wire.Number(), wire.Record(RequestQuery.Read));
    }

    /// <summary>Its client has gone (E-47).</summary>
    internal sealed record PollCut(string Sid, long Request) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request);

        public static PollCut Read(ref WireReader wire) => new(wire.Text(), wire.Number());
    }

    /// <summary>The node where the client's connection ends is stopping: a poll is to be answered now, a WebSocket closed. Not answered,
    /// but told again while the connection is there.</summary>
    internal sealed record GatewayLeaves(string Sid, long Request, bool IsWebSocket) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Flag(IsWebSocket);

        public static GatewayLeaves Read(ref WireReader wire) => new(wire.Text(), wire.Number(), wire.Flag());
    }

    /// <summary>
    /// A POST whose body takes its time: another one meanwhile breaks the protocol (E-45). Answered only when it is refused.
    /// </summary>
    internal sealed record PostBegun(string Sid, long Request, RequestQuery Query) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Record(Query, RequestQuery.Write);

        public static PostBegun Read(ref WireReader wire) => new(wire.Text(), wire.Number(), wire.Record(RequestQuery.Read));
    }

    /// <summary>A POST and its body. <see cref="HasBegun"/>: its <see cref="PostBegun"/> came before.</summary>
    internal sealed record PostRequest(string Sid, long Request, RequestQuery Query, bool IsOctetStream, bool HasBegun, byte[] Body)
        : ISessionRequest
    {
        public void Write(WireWriter wire) =>
            wire.Text(Sid).Number(Request).Record(Query, RequestQuery.Write).Flag(IsOctetStream).Flag(HasBegun).Bytes(Body);

        public static PostRequest Read(ref WireReader wire) =>
            new(wire.Text(), wire.Number(), wire.Record(RequestQuery.Read), wire.Flag(), wire.Flag(), wire.Bytes());
    }

    /// <summary>A POST that was cut (E-47) or was too long (E-46): nothing of it is delivered.</summary>
    internal sealed record PostFailed(string Sid, long Request, RequestQuery Query, bool HasBegun, bool WasCut) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Record(Query, RequestQuery.Write).Flag(HasBegun).Flag(WasCut);

        public static PostFailed Read(ref WireReader wire) =>
            new(wire.Text(), wire.Number(), wire.Record(RequestQuery.Read), wire.Flag(), wire.Flag());
    }

    /// <summary>A method that no transport has.</summary>
    internal sealed record OtherRequest(string Sid, long Request, RequestQuery Query) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Record(Query, RequestQuery.Write);

        public static OtherRequest Read(ref WireReader wire) => new(wire.Text(), wire.Number(), wire.Record(RequestQuery.Read));
    }

    /// <summary>
    /// A WebSocket that wants to become the session's transport. It stays on the node that it came to; its bytes travel as <see
    /// cref="Link"/>.
    /// </summary>
    internal sealed record UpgradeRequest(string Sid, long Request, RequestQuery Query, long Link, WireForm Form, bool IsToBeClosed)
        : ISessionRequest
    {
        public void Write(WireWriter wire) =>
            wire.Text(Sid).Number(Request).Record(Query, RequestQuery.Write).Number(Link).Number((int)Form).Flag(IsToBeClosed);

        public static UpgradeRequest Read(ref WireReader wire) =>
            new(wire.Text(), wire.Number(), wire.Record(RequestQuery.Read), wire.Number(), (WireForm)wire.Number(), wire.Flag());
    }

    /// <summary>The session's answer: an HTTP status, and for a poll its payload.</summary>
    internal sealed record RequestServed(long Request, int Status, byte[] Body, bool IsOctetStream, bool MayCompress) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number(Status).Bytes(Body).Flag(IsOctetStream).Flag(MayCompress);

        public static RequestServed Read(ref WireReader wire) =>
            new(wire.Number(), (int)wire.Number(), wire.Bytes(), wire.Flag(), wire.Flag());
    }

    /// <summary>The session's answer: refused as the official server would.</summary>
    internal sealed record RequestRefused(long Request, EngineIoError Error) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number((int)Error);

        public static RequestRefused Read(ref WireReader wire) => new(wire.Number(), (EngineIoError)wire.Number());
    }

    /// <summary>Bytes of the WebSockets that end on one of two nodes while their sessions live on the other; see <see cref="LinkHub"/>.
    /// Numbered from 1, so that a lost one is noticed;
    /// without entries it says, every few seconds, which was the last.</summary>
    internal sealed record LinkBatch(byte[] Entries, long Number) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Bytes(Entries).Number(Number);

        public static LinkBatch Read(ref WireReader wire) => new(wire.Bytes(), wire.Number());
    }
}
