namespace ActorSocket.Sockets;

/// <summary>How this node stands with another one.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Node">What its ids begin with.</param>
/// <param name="IsReachable">Whether the failure detector reaches it.</param>
/// <param name="IsSynchronised">Whether its rooms are all known here; else it gets every broadcast.</param>
/// <param name="UnconfirmedAnnouncements">Announcements of rooms that it has not confirmed.</param>
internal sealed record PeerState(string Address, string Node, bool IsReachable, bool IsSynchronised, int UnconfirmedAnnouncements);
