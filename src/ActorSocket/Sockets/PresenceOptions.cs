using ActorSocket.Data;

namespace ActorSocket;

/// <summary>How a namespace keeps who is online. Given to <see cref="Namespace.UsePresence"/>; the same on every node.</summary>
public sealed class PresenceOptions
{
    internal const int MaxUserIdBytes = 256;

    /// <summary>
    /// Whose device a socket is; null for nobody's, which is not counted. Asked once, when the socket connects, after its middleware.
    /// Default: the signed-in user's (<see cref="Socket.User"/>) name identifier, else the claim <c>sub</c>, else the name; nobody for who
    /// is not authenticated. At most 256 bytes: a longer one is nobody's, and logged.
    /// </summary>
    public Func<Socket, string?> UserId { get; set; } = static socket => UserName.Of(socket.User);

    /// <summary>
    /// How long a user is online without any device: who reconnects within it, on whichever node, has neither left nor come. From zero to a
    /// day, 10 s by default.
    /// </summary>
    public TimeSpan GraceTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many users that are offline each node remembers with the time when they were last seen; beyond that the oldest are forgotten.
    /// From 0, 10 000 by default, of some 250 bytes each.
    /// </summary>
    public int MaxLastSeen { get; set; } = 10_000;

    internal void ThrowIfInvalid(string parameter)
    {
        if (UserId is null)
            throw new ArgumentException(
                $"{nameof(PresenceOptions)}.{nameof(UserId)} is null: give it a function, or leave it out.", parameter);
        if (GraceTime < TimeSpan.Zero || GraceTime > TimeSpan.FromDays(1))
            throw new ArgumentException(
                $"{nameof(PresenceOptions)}.{nameof(GraceTime)} is {GraceTime}: it must be between 0 and 1 day.", parameter);
        if (MaxLastSeen < 0)
            throw new ArgumentException(
                $"{nameof(PresenceOptions)}.{nameof(MaxLastSeen)} is {MaxLastSeen}: it must not be negative.", parameter);
    }
}
