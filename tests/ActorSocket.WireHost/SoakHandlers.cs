using System.Collections.Concurrent;
using System.Text.Json;

namespace ActorSocket.WireHost;

/// <summary>What tests/ActorSocket.Soak adds to a node: entities that count their calls, and tick.</summary>
internal static class SoakHandlers
{
    /// <summary>The entities that live here, by their ids: how often each has ticked.</summary>
    public static IReadOnlyDictionary<string, int> Ticks =>
        Counter.Here.ToDictionary(static one => one.Key, static one => one.Value.TicksSoFar, StringComparer.Ordinal);

    public static void Map(ActorSocketServer io)
    {
        var counters = io.MapEntities<Counter>("counter");
        io.OnConnection(socket =>
        {
            socket.On("call counter", async (string id) => // "count" is that of rooms (TestHandlers)
            {
                try
                {
                    return await counters.InvokeAsync<int>(id, "add");
                }
                catch (Exception e) when (e is TimeoutException or EntityCallException)
                {
                    return (object)e.GetType().Name;
                }
            });
            socket.On("talk", (string room, SocketArgument what) =>
            {
                socket.Namespace.To(room).Emit("said", what, io.NodeTag);
                return true;
            });
        });
    }

    private sealed class Counter(ActorSocketServer io) : RoomEntity, IDisposable
    {
        public static readonly ConcurrentDictionary<string, Counter> Here = new(StringComparer.Ordinal);
        private int _count;
        private int _ticks;

        public int TicksSoFar => Volatile.Read(ref _ticks);

        public override TimeSpan TickInterval => TimeSpan.FromSeconds(0.5);

        public override Task OnStartedAsync(EntityStart start)
        {
            _count = start.State?.GetInt32() ?? 0;
            Here[Id] = this;
            return Task.CompletedTask;
        }

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            // not volatile: who ticks right behind another would never be heard
            Namespace.To("ticks").Emit("ticked", ++_ticks, Id, io.NodeTag);
            return Task.CompletedTask;
        }

        public override object? HandOver() => _count;

        [Event("add")]
        public int Add() => ++_count;

        public void Dispose() => Here.TryRemove(KeyValuePair.Create(Id, this));
    }
}
