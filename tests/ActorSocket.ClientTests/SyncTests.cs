using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>What an entity shows, followed by the official client. The case is in node/sync.mjs.</summary>
public sealed class SyncTests(ITestOutputHelper output) : ClientTest("sync", output)
{
    [Theory]
    [EachTransport]
    public async Task Clients_follow_what_an_entity_shows(string mode)
    {
        await using var server = await RealServer.StartAsync(
            Output,
            static options => options.ConnectionStateRecovery = new RecoveryOptions()
        );
        var ns = server.Io.Of("/sync");
        var boards = ns.MapEntities<Board>("board");
        ns.OnConnection(socket =>
        {
            foreach (var name in (string[])["sit", "watch"])
                socket.On(name, async () => await boards.InvokeAsync<bool>("one", name, socket.Id));
            socket.On("again", () => boards.Send("one", "again", socket.Id));
            socket.On("scramble", async (int times) =>
            {
                for (var i = 1; i < times; i++)
                    await boards.InvokeAsync("one", "scramble");
                return await boards.InvokeAsync<int>("one", "scramble");
            });
            socket.On("board", async () => await boards.InvokeAsync<object>("one", "board"));
        });
        await using var client = await StartAsync(server.Url, mode);
        await client.FinishAsync();
    }

    private sealed class Board : RoomEntity
    {
        private readonly Random _dice = new(7396);
        private readonly SortedDictionary<string, object> _cells = new(StringComparer.Ordinal);
        private int _count;

        public override TimeSpan SyncInterval => TimeSpan.FromMilliseconds(5);

        public override object SyncView() => new { count = _count, cells = _cells, filling = new string('x', 100) };

        [Event("board")]
        public object Show() => SyncView();

        [Event("sit")]
        public async Task<bool> SitAsync(string socketId) => (await Seats.TakeAsync(socketId)).Number > 0;

        [Event("watch")]
        public async Task<bool> WatchAsync(string socketId)
        {
            await Sync.WatchAsync(socketId);
            return true;
        }

        [Event("again")]
        public void Again(string socketId) => Sync.Send(socketId);

        /// <summary>One cell comes, goes, or becomes something else.</summary>
        [Event("scramble")]
        public int Scramble()
        {
            var name = _dice.Next(20) is > 0 and var number ? "cell " + number : "__proto__"; // such as what a player calls himself
            object[] values =
            [
                _dice.Next(), "ä\"", true, new[] { _dice.Next(), 1 }, new { x = _dice.Next(3), y = new { z = _dice.Next(3) } },
            ];
            if (_dice.Next(3) == 0)
                _cells.Remove(name);
            else
                _cells[name] = values[_dice.Next(values.Length)];
            return ++_count;
        }
    }
}
