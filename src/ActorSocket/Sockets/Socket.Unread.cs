using ActorSocket.Connections;

namespace ActorSocket;

// What the read loop has told the socket's actor and this one has not come to. An actor that stops leaves it unread, and nobody tells the
// read loop.
public sealed partial class Socket
{
    private int _unread;
    private long _unreadBytes;
    private bool _readsNoMore;

    /// <summary>The actor is about to be told what came in. False when it has stopped, and would not read it.</summary>
    internal bool TryTakeOn(ConnectionEvents.PacketsRead batch)
    {
        var bytes = batch.HeldBytes;
        lock (_gate)
        {
            if (_readsNoMore)
                return false;
            _unread += batch.Count;
            _unreadBytes += bytes;
            return true;
        }
    }

    /// <summary>The actor has come to it.</summary>
    internal void TakeUp(ConnectionEvents.PacketsRead batch)
    {
        var bytes = batch.HeldBytes;
        lock (_gate)
        {
            _unread -= batch.Count;
            _unreadBytes -= bytes;
        }
    }

    /// <summary>The actor has stopped.</summary>
    /// <returns>What it has left unread.</returns>
    internal (int Packets, long Bytes) StopReading()
    {
        lock (_gate)
        {
            _readsNoMore = true;
            return (_unread, _unreadBytes);
        }
    }
}
