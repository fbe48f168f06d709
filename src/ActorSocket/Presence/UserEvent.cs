namespace ActorSocket.Presence;

/// <summary>A user came or left, as a node tells its application.</summary>
internal readonly record struct UserEvent(string UserId, bool HasCome, DateTimeOffset LastSeen);
