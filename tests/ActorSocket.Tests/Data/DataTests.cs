using ActorSocket.Data;
using System.Security.Claims;
using System.Text.Json;
using ActorSocket.Protocol.SocketIo;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Data;

/// <summary>What an application keeps in <see cref="Socket.Data"/>, and what of it travels.</summary>
public sealed class DataTests
{
    private static readonly SocketJson Json = new(null);

    public static TheoryData<object?> SimpleValues =>
        new(
            null,
            7,
            int.MinValue,
            long.MaxValue,
            ulong.MaxValue,
            (short)-3,
            (byte)200,
            (sbyte)-100,
            'x',
            "text",
            "a\ud83d\ude00\u0000",
            true,
            false,
            1.5,
            double.NaN,
            double.NegativeInfinity,
            1e300,
            1.1f,
            12.340m,
            Guid.Parse("8f1f0de2-6f3c-4a57-b0d2-0c1c3b9e8a11"),
            new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
            new DateOnly(2026, 1, 2),
            new TimeOnly(3, 4, 5),
            TimeSpan.FromTicks(123456789),
            new Uri("https://example.org/a?b=c")
        );

    [Theory]
    [MemberData(nameof(SimpleValues))]
    public void A_simple_value_comes_back_as_what_it_was(object? value)
    {
        var back = Travel(new SocketData { ["key"] = value });
        Assert.Equal(value, back["key"]);
        Assert.Equal(value?.GetType(), back["key"]?.GetType());
        Assert.True(back.IsWhole);
        Assert.Equal(value, Travel(back)["key"]);
    }

    [Fact]
    public void Bytes_come_back_as_bytes() =>
        Assert.Equal(new byte[] { 1, 2, 255 }, Assert.IsType<byte[]>(Travel(new SocketData { ["key"] = new byte[] { 1, 2, 255 } })["key"]));

    [Fact]
    public void A_principal_comes_back_with_its_claims()
    {
        var user = new ClaimsPrincipal(
            new ClaimsIdentity([new Claim("sub", "ada"), new Claim("roles", "admin", null, "issuer")], "test", "sub", "roles")
        );
        var back = Assert.IsType<ClaimsPrincipal>(Travel(new SocketData { ["user"] = user })["user"]);
        Assert.True(back.Identity!.IsAuthenticated && back.IsInRole("admin"));
        Assert.Equal(("ada", "issuer"), (back.Identity.Name!, back.FindFirst("roles")!.Issuer));
    }

    private sealed record Cart(string Owner, List<int> Items);

    [Fact]
    public void What_is_no_simple_value_is_read_as_the_type_that_is_asked_for_here_and_elsewhere()
    {
        var here = new SocketData
        {
            ["cart"] = new Cart("Ada", [1, 2]),
            ["day"] = DayOfWeek.Friday,
            ["n"] = 7,
            ["picture"] = new { Bytes = new byte[] { 9 } },
        };
        foreach (var data in new[] { here, Travel(here), Travel(Travel(here)) })
        {
            Assert.Equal([1, 2], data.Get<Cart>("cart", Json)!.Items);
            Assert.Equal(DayOfWeek.Friday, data.Get<DayOfWeek>("day", Json));
            Assert.Equal(7L, data.Get<long>("n", Json));
            Assert.Equal(7.0, data.Get<double?>("n", Json));
            Assert.Equal([9], data.Get<Dictionary<string, byte[]>>("picture", Json)!["bytes"]);
            Assert.Null(data.Get<Cart>("nothing", Json));
            Assert.False(data.TryGet<Cart>("nothing", Json, out _, out var none) || none is not null);
            Assert.False(data.TryGet<Cart>("n", Json, out _, out var error) || error is null);
            Assert.Throws<InvalidOperationException>(() => data.Get<Cart>("n", Json));
        }
        Assert.IsType<JsonElement>(Travel(here)["cart"]);
    }

    [Fact]
    public void What_has_travelled_and_was_read_is_one_object_for_all_who_read_it()
    {
        var back = Travel(new SocketData { ["cart"] = new Cart("Ada", [1]) });
        back.Get<Cart>("cart", Json)!.Items.Add(2);
        Assert.Equal([1, 2], back.Get<Cart>("cart", Json)!.Items);
        Assert.Equal([1, 2], Travel(back).Get<Cart>("cart", Json)!.Items);
    }

    private sealed class Throwing
    {
        private readonly Exception _error = new InvalidOperationException("not now");

        public int Value => throw _error;
    }

    private sealed class OnlyFields
    {
        public int Field = 3;
    }

    public static TheoryData<object> WhatStays =>
        new(
            new CancellationTokenSource(),
            () => 3,
            Task.FromResult(3),
            new Throwing(),
            new OnlyFields(),
            new HttpClient(),
            new Timer(static _ => { }),
            typeof(string),
            new SemaphoreSlim(1),
            Akka.Actor.ActorRefs.Nobody
        );

    [Theory]
    [MemberData(nameof(WhatStays))]
    public void What_cannot_travel_is_told_and_the_rest_travels(object value)
    {
        var back = Travel(new SocketData { ["here"] = value, ["n"] = 7 });
        Assert.False(back.IsWhole);
        Assert.Equal(["n"], back.Keys);
        Assert.False(Travel(back).IsWhole);
    }

    [Fact]
    public void A_bag_behaves_as_a_dictionary_does()
    {
        IDictionary<string, object?> data = new SocketData();
        data.Add("a", 1);
        Assert.Throws<ArgumentException>(() => data.Add("a", 2));
        data["b"] = null;
        Assert.Equal(2, data.Count);
        Assert.Throws<KeyNotFoundException>(() => data["c"]);
        Assert.True(data.TryGetValue("b", out var nothing) && nothing is null);
        Assert.True(
            data.ContainsKey("a")
                && data.Contains(KeyValuePair.Create("a", (object?)1))
                && !data.Contains(KeyValuePair.Create("a", (object?)2))
        );
        Assert.False(data.Remove(KeyValuePair.Create("a", (object?)2)));
        Assert.True(data.Remove(KeyValuePair.Create("a", (object?)1)) && !data.Remove("a"));
        Assert.Equal(["b"], data.Keys);
        Assert.Equal([null], data.Values);
        var copy = new KeyValuePair<string, object?>[2];
        data.CopyTo(copy, 1);
        Assert.Equal("b", copy[1].Key);
        data.Clear();
        Assert.Empty(data);
    }

    private static SocketData Travel(SocketData data) => SocketData.Read(data.ToBytes(Json));
}
