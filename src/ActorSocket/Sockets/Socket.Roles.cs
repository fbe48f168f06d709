using System.Security.Claims;
using ActorSocket.Connections;
using ActorSocket.Data;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;

namespace ActorSocket;

// What the folders below know a socket by, each an interface of its own; explicit, since most members are internal.
public sealed partial class Socket : IPacketReceiver, IRoomMember, IDataOwner, IRecoverable
{
    bool IPacketReceiver.TryTakeOn(ConnectionEvents.PacketsRead batch) => TryTakeOn(batch);

    bool IPacketReceiver.IsSlow(string eventName) => Namespace.Services.SlowEvents.IsAside(eventName);

    void IPacketReceiver.OnToldToGo() => _isToldToGo = true;

    void IPacketReceiver.OnUpgraded() => Namespace.Services.Server.Observer?.Upgraded(this);

    bool IRoomMember.IsIn(string room) => IsIn(room);

    SocketJson? IDataOwner.TravelsAs =>
        Namespace.Services is { Recovery: not null, Server: { Adapter.TakeOnSockets: true } server } ? server.Json : null;

    void IDataOwner.OnStaysBehind(Type type) => Namespace.Services.Server.OnStaysBehind(type);

    void IDataOwner.OnDataChanged()
    {
        Namespace.Services.Recovery?.Touch(this);
        if (HasNotEnded)
            Namespace.Services.Server.Observer?.DataChanged(this);
    }

    string? IRecoverable.RecoverySecret => RecoverySecret;

    RecoveryStart IRecoverable.RecoveryStart => RecoveryStart;

    IReadOnlyCollection<string> IRecoverable.CurrentRooms => CurrentRooms;

    SocketData IRecoverable.Bag => Bag;

    ClaimsPrincipal? IRecoverable.KnownUser => KnownUser;

    bool IRecoverable.IsOver => IsOver;
}
