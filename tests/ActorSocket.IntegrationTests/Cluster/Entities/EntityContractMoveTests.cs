namespace ActorSocket.IntegrationTests.Cluster.Entities;

/// <summary>Entities that are called by an interface, on another node.</summary>
public sealed class EntityContractMoveTests
{
    [Fact]
    public async Task What_a_contract_says_holds_between_nodes()
    {
        RoomEntities<Shop, IShop> shops = null!;
        await using var first = await Node.StartAsync(map: io => shops = io.MapEntities<Shop, IShop>("shop"));
        await using var second = await Node.JoinAsync(first, static io => io.MapEntities<Shop, IShop>("shop"));
        await Node.MeetAsync(first, second);
        var elsewhere = "";
        for (var number = 0; elsewhere.Length == 0; number++)
        {
            if (await shops.Get("shop " + number).WhereAsync() == second.Server.NodeTag)
                elsewhere = "shop " + number;
        }
        var shop = shops.Get(elsewhere);
        shop.Fill("apple", 2);
        Assert.Equal(1, await shop.BuyAsync("apple", 1, CancellationToken.None));
        var sold = await Assert.ThrowsAsync<SoldOutException>(() => shop.BuyAsync("apple", 2, CancellationToken.None).AsTask());
        Assert.Equal("There is 1 left.", sold.Message);
    }

    internal interface IShop
    {
        Task<string> WhereAsync();

        void Fill(string what, int count);

        [Throws<SoldOutException>("SOLD_OUT")]
        ValueTask<int> BuyAsync(string what, int count, CancellationToken cancellationToken);
    }

    internal sealed class SoldOutException(string message) : Exception(message);

    private sealed class Shop(ActorSocketServer io) : RoomEntity, IShop
    {
        private readonly Dictionary<string, int> _stock = new(StringComparer.Ordinal);

        public Task<string> WhereAsync() => Task.FromResult(io.NodeTag);

        public void Fill(string what, int count) => _stock[what] = count;

        public ValueTask<int> BuyAsync(string what, int count, CancellationToken cancellationToken)
        {
            if (_stock[what] < count)
                throw new SoldOutException($"There is {_stock[what]} left.");
            return new(_stock[what] -= count);
        }
    }
}
