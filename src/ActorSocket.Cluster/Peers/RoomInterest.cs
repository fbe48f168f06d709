using System.Collections.Concurrent;

namespace ActorSocket.Clustering;

/// <summary>
/// Which rooms of one namespace have members on other nodes. A room that only one node has costs an entry and no array of its own.
/// </summary>
internal sealed class RoomInterest
{
    private readonly ConcurrentDictionary<string, Peer[]> _byRoom = new(StringComparer.Ordinal);

    public int Count => _byRoom.Count;

    public bool IsEmpty => _byRoom.IsEmpty;

    public Peer[] Find(string room) => _byRoom.TryGetValue(room, out var peers) ? peers : [];

    public void Set(string room, Peer peer, bool hasMembers)
    {
        if (hasMembers)
        {
            _byRoom.AddOrUpdate(
                room,
                static (_, peer) => peer.Alone,
                static (_, peers, peer) => Array.IndexOf(peers, peer) >= 0 ? peers : [.. peers, peer],
                peer);
        }
        else
        {
            while (_byRoom.TryGetValue(room, out var peers) && Array.IndexOf(peers, peer) >= 0)
            {
                if (
                    peers.Length == 1
                        ? _byRoom.TryRemove(KeyValuePair.Create(room, peers))
                        : _byRoom.TryUpdate(room, Without(peers, peer), peers)
                )
                    return;
            }
        }
    }

    public void Remove(Peer peer)
    {
        foreach (var (room, peers) in _byRoom)
        {
            if (Array.IndexOf(peers, peer) >= 0)
                Set(room, peer, hasMembers: false);
        }
    }

    private static Peer[] Without(Peer[] peers, Peer peer)
    {
        var rest = Array.FindAll(peers, other => !ReferenceEquals(other, peer));
        return rest.Length == 1 ? rest[0].Alone : rest;
    }
}
