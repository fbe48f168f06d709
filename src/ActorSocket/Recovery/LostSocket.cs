using System.Collections.Immutable;
using System.Security.Claims;
using ActorSocket.Data;
using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Recovery;

/// <summary>What is left of a socket whose client may come back.</summary>
internal sealed record LostSocket(string Id, string Secret, string[] Rooms, SocketData Data, long LostAt)
{
    /// <summary>Who its client was; null for nobody.</summary>
    public ClaimsPrincipal? User { get; init; }

    /// <summary>Where in the log of its node it begins.</summary>
    public RecoveryStart Start { get; init; } = new("", -1, 0);

    /// <summary>Of one that is given back: the position in that log up to which its client has seen everything.</summary>
    public long Seen { get; init; }

    public static LostSocket Of(IRecoverable socket, long at) =>
        new(socket.Id, socket.RecoverySecret!, [.. socket.CurrentRooms], socket.Bag, at)
        {
            User = socket.KnownUser,
            Start = socket.RecoveryStart,
        };

    /// <summary>
    /// Whether its middleware may be passed by: the option says so, and what the middleware put into the data is all there.
    /// </summary>
    public bool PassesBy(RecoveryOptions options) => options.SkipMiddlewares && Data.IsWhole;

    /// <summary>Whether a request is certainly another user's than the socket's was.</summary>
    public bool IsNotOf(ClaimsPrincipal? user) => UserName.Differ(User, user);

    /// <summary>All but what the messages say of it themselves.</summary>
    public byte[] StateToBytes(SocketJson json) =>
        new WireWriter()
            .Bytes(Data.ToBytes(json))
            .Bytes(User is null ? [] : DataFormat.ToBytes(User))
            .Flag(Start.IsNew)
            .Text(Start.OffsetTag)
            .Number(Start.Offset)
            .Number(Start.Position)
            .Records(Start.Versions ?? ImmutableDictionary<string, long>.Empty, VersionVector.Write)
            .ToArray();

    /// <exception cref="FormatException">It was not written so.</exception>
    public static LostSocket Read(string id, string secret, string[] rooms, ReadOnlySpan<byte> state)
    {
        var wire = new WireReader(state);
        var lost = new LostSocket(id, secret, rooms, SocketData.Read(wire.Span()), 0)
        {
            User = (ClaimsPrincipal?)DataFormat.Read(DataFormat.Principal, wire.Bytes()),
        };
        var isNew = wire.Flag();
        return lost with
        {
            Start = new RecoveryStart(wire.Text(), wire.Number(), wire.Number()) { IsNew = isNew, Versions = VersionVector.Read(ref wire) },
        };
    }
}
