using System.Text.Json;
using System.Threading.Channels;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>What a client writes: elements that a handler has asked for, until it has read them.</summary>
internal abstract class IncomingStream(StreamTable table, Socket socket, JsonElement id, SocketIoPacket packet)
{
    /// <summary>So many elements may be on their way, or wait to be read.</summary>
    public const int Window = 16;

    private readonly Channel<SocketIoPacket> _items = Channel.CreateUnbounded<SocketIoPacket>(); // bounded by what was asked for
    private int _asked;
    private bool _isBegun;
    private CancellationTokenRegistration _leaves;

    public string Key { get; } = StreamTable.KeyOf(id)!;

    /// <summary>The event that it came with.</summary>
    public SocketIoPacket Packet => packet;

    protected ChannelReader<SocketIoPacket> Items => _items.Reader;

    /// <summary>An element that nobody has asked for is dropped, and its stream ends: the client does not keep to the rules.</summary>
    public bool TryAdd(SocketIoPacket packet)
    {
        if (Interlocked.Decrement(ref _asked) >= 0)
            return _items.Writer.TryWrite(packet);
        End(new EventException("The client sent more of its stream than it was asked for.") { Code = "BAD_ARGUMENT" });
        return false;
    }

    /// <summary>Nothing follows what has come.</summary>
    public void End(Exception? error)
    {
        table.Remove(this);
        _items.Writer.TryComplete(error);
        _leaves.Unregister();
    }

    /// <summary>An element of it was refused, so that it is not whole: its reader is told, and its client to send no more.</summary>
    public void Refuse(Exception refusal)
    {
        if (!_items.Writer.TryComplete(refusal))
            return;
        table.Remove(this);
        _leaves.Unregister();
        table.Emit(StreamTable.Cancel, new EventArguments<JsonElement>(id));
    }

    /// <summary>With its client, after what that has sent before it left.</summary>
    public void EndWithSocket()
    {
        _leaves = socket.Disconnected.UnsafeRegister(
            static state =>
            {
                var (stream, socket) = ((IncomingStream, Socket))state!;
                stream.End(SocketOperator.NotConnected(socket));
            },
            (this, socket));
    }

    /// <summary>Its event's handlers have ended.</summary>
    public void CloseIfUnread()
    {
        if (!Interlocked.Exchange(ref _isBegun, true))
            Cancel();
    }

    /// <summary>
    /// Somebody waits for it: reading does not pause meanwhile for what else the client sends, as with an answer that it owes.
    /// </summary>
    protected void Begin()
    {
        if (Interlocked.Exchange(ref _isBegun, true))
        {
            throw new InvalidOperationException(
                "What a client sends can be read once, by a handler that has not ended: who returns before gives it up.");
        }
        socket.Connection.Backlog.AnswerAwaited();
        Ask(Window);
    }

    protected void Ask(int count)
    {
        Interlocked.Add(ref _asked, count);
        table.Emit(StreamTable.Pull, new EventArguments<JsonElement, int>(id, count));
    }

    protected void Took(SocketIoPacket packet) => socket.Connection.Backlog.Completed(packet.HeldBytes);

    /// <summary>The handler reads no more: what has come is dropped, and the client told if it is not at its end.</summary>
    protected void Close()
    {
        Cancel();
        socket.Connection.Backlog.AnswerSettled();
        while (_items.Reader.TryRead(out var item))
            Took(item);
    }

    private void Cancel()
    {
        if (_items.Writer.TryComplete())
        {
            table.Remove(this);
            table.Emit(StreamTable.Cancel, new EventArguments<JsonElement>(id));
        }
        _leaves.Unregister();
    }
}

/// <inheritdoc/>
internal sealed class IncomingStream<T>(StreamTable table, Socket socket, JsonElement id, SocketIoPacket packet)
    : IncomingStream(table, socket, id, packet),
        IAsyncEnumerable<T>
{
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        Begin();
        try
        {
            var taken = 0;
            while (await Items.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (Items.TryRead(out var packet))
                {
                    Took(packet);
                    yield return packet.Arguments.Read<T>(1)!;
                    if (++taken < Window / 2)
                        continue;
                    Ask(taken);
                    taken = 0;
                }
            }
        }
        finally
        {
            Close();
        }
    }
}
