namespace ActorSocket;

/// <summary>Whether a user is there, as a node knows it at a moment.</summary>
/// <param name="UserId">Who it is (<c>PresenceOptions.UserId</c>).</param>
/// <param name="IsOnline">Whether the user has a device in the namespace, on whichever node, or had one within the grace time.</param>
/// <param name="Devices">How many sockets the user has there; 0 during the grace time.</param>
/// <param name="LastSeen">When the last of them went; of a user who has one, now.</param>
public sealed record UserPresence(string UserId, bool IsOnline, int Devices, DateTimeOffset LastSeen);
