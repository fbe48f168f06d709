using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Seats of an entity, taken by the official client. The case is in node/seats.mjs.</summary>
public sealed class SeatTests(ITestOutputHelper output) : ClientTest("seats", output)
{
    [Theory]
    [EachTransport]
    public async Task A_seat_is_lost_recovered_returned_to_by_its_token_and_left(string mode)
    {
        await using var server = await RealServer.StartAsync(
            Output,
            static options => options.ConnectionStateRecovery = new RecoveryOptions()
        );
        var ns = server.Io.Of("/seats");
        var games = ns.MapEntities<Game>("game");
        ns.OnConnection(socket =>
        {
            socket.On("sit", async () => await games.InvokeAsync<string>("one", "sit", socket.Id));
            socket.On("return", async (string token) => await games.InvokeAsync<long>("one", "return", token, socket.Id));
        });
        await using var client = await StartAsync(server.Url, mode);
        await client.FinishAsync();
    }

    private sealed class Game : RoomEntity
    {
        public override Task OnJoinedAsync(Seat seat) => TellAsync("joined", seat.Number);

        public override Task OnLostAsync(Seat seat) => TellAsync("lost", seat.Number);

        public override Task OnReturnedAsync(Seat seat) => TellAsync("returned", seat.Number);

        public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason) => TellAsync("left", seat.Number, reason.ToString());

        [Event("sit")]
        public async Task<string> SitAsync(string socketId) => (await Seats.TakeAsync(socketId)).Token;

        [Event("return")]
        public async Task<long> ReturnAsync(string token, string socketId) => (await Seats.ReturnAsync(token, socketId)).Number;

        private Task TellAsync(string what, params object[] facts)
        {
            Namespace.To(Seats.Room).EmitCore(what, facts);
            return Task.CompletedTask;
        }
    }
}
