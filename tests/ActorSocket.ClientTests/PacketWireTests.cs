using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Socket.IO packets, right and wrong, as they are on the wire.</summary>
public sealed class PacketWireTests(ITestOutputHelper output)
{
    public static TheoryData<string> Undecodable =>
        [
            "4",
            "4abc",
            "49",
            "42{}",
            "42[]",
            "42[true]",
            "42[null]",
            "42[\"connect\"]",
            "42[\"disconnect\",\"x\"]",
            "42/a,[\"x\"",
            "40[]",
            "40null",
            "40\"x\"",
            "41{}",
            "45",
            "451",
            "45a-",
            "451.2-",
            "450-[\"x\"]",
            "45-[\"x\"]",
            "4511-[\"x\"]",
            "42abc[\"x\"]",
            "43{}",
            "43[1",
        ];

    /// <summary>For a namespace that is not joined, or a second time.</summary>
    public static TheoryData<string> OutOfPlace =>
        ["42/lobby,[\"echo\",1]", "43/lobby,1[]", "41/lobby,", "40", "44{\"message\":\"x\"}", "44\"x\""];

    [Theory]
    [MemberData(nameof(Undecodable))]
    [MemberData(nameof(OutOfPlace))]
    public async Task A_packet_that_cannot_be_or_is_out_of_place_ends_the_connection(string packet)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync("40/strict,");
        Assert.StartsWith("40/strict,", await session.NextAsync(), StringComparison.Ordinal);
        await session.SendAsync(packet);
        await session.EndsAsync();
        await server.Journal.SeenAsync($"{session.Id} disconnect forced close");
    }

    [Theory]
    [InlineData("42[\"message\"]", "42[\"message\"]")]
    [InlineData("42[\"error\"]", null)]
    [InlineData("42[\"connection\"]", null)]
    [InlineData("42[\"__proto__\"]", null)]
    [InlineData("42[7,\"x\"]", null)]
    [InlineData("42[\"echo\",{\"_placeholder\":false}]", "42[\"echo\",{\"_placeholder\":false}]")]
    [InlineData("42", null)] // an event without a name reaches nobody
    [InlineData("4319", null)] // nobody asked
    [InlineData("43999999[]", null)]
    [InlineData("42 [\"echo\" , 1 ]", "42[\"echo\",1]")]
    [InlineData("429007199254740991[\"ask\",1]", "439007199254740991[1]")]
    [InlineData("420[\"nobody handles this\"]", null)]
    public async Task A_packet_that_is_odd_but_right_is_taken(string packet, string? answer)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync(packet);
        if (answer is not null)
            Assert.Equal(answer, await session.NextAsync());
        await session.LivesAsync();
    }

    [Theory]
    [InlineData("40/lobby", "40/lobby,{")]
    [InlineData("40/lobby,", "40/lobby,{")]
    [InlineData("40/lobby,{\"a\":1}", "40/lobby,{")]
    [InlineData("40/nowhere", "44/nowhere,{\"message\":\"Invalid namespace\"}")]
    [InlineData("40/lobby?x=1,", "44/lobby?x=1,{\"message\":\"Invalid namespace\"}")]
    [InlineData("40/Lobby,", "44/Lobby,{\"message\":\"Invalid namespace\"}")]
    [InlineData("40/lobby/,", "44/lobby/,{\"message\":\"Invalid namespace\"}")]
    [InlineData("40/lobby{\"a\":1}", "44/lobby{\"a\":1},{\"message\":\"Invalid namespace\"}")] // without a comma it is all name
    [InlineData(
        "40/guarded,",
        "44/guarded,{\"message\":\"Not authorized\",\"data\":{\"code\":\"E1\",\"retryAfter\":5,\"tried\":[\"first\"]}}"
    )]
    public async Task A_namespace_is_taken_by_the_letter_with_or_without_its_comma(string packet, string answer)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync(packet);
        Assert.StartsWith(answer, await session.NextAsync(), StringComparison.Ordinal);
        await session.LivesAsync();
    }

    [Theory]
    [InlineData("41/lobby")]
    [InlineData("41/lobby,")]
    public async Task A_goodbye_to_one_namespace_is_not_answered_and_leaves_the_others(string packet)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync("40/lobby,");
        var id = (await session.NextAsync()).Split('"')[3];
        await session.SendAsync(packet);
        await server.Journal.SeenAsync($"{id} disconnect client namespace disconnect");
        await session.LivesAsync();
        await session.SendAsync("40/lobby,");
        Assert.StartsWith("40/lobby,{", await session.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packets_that_cross_the_servers_goodbye_on_the_way_are_ignored()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync("40/lobby,");
        await session.NextAsync();
        await session.SendAsync("42/lobby,[\"kick\",false]");
        Assert.Equal("41/lobby,", await session.NextAsync());
        foreach (var late in new[] { "42/lobby,[\"echo\",1]", "43/lobby,1[]", "41/lobby," })
            await session.SendAsync(late);
        await session.LivesAsync();
    }

    [Theory]
    [InlineData("""451-["echo",{"_placeholder":true,"num":0}]""", """42["x"]""")] // a text while an attachment is due
    [InlineData("""451-["echo",{"_placeholder":true,"num":1}]""", "bAQ==")] // a placeholder of none
    [InlineData("""451-["echo",{"_placeholder":true,"num":-1}]""", "bAQ==")]
    [InlineData("""451-["echo",{"_placeholder":true}]""", "bAQ==")]
    [InlineData("bAQ==", null)] // an attachment of no packet
    public async Task Attachments_that_do_not_fit_their_packet_end_the_connection(string first, string? second)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync(first);
        if (second is not null)
            await session.SendAsync(second);
        await session.EndsAsync();
        await server.Journal.SeenAsync($"{session.Id} disconnect forced close");
    }

    [Fact]
    public async Task Attachments_may_stand_twice_or_nowhere_and_heartbeats_pass_while_they_are_due()
    {
        await using var server = await Wire.ServeAsync(output, static options =>
        {
            options.PingInterval = TimeSpan.FromMilliseconds(200);
            options.PingTimeout = TimeSpan.FromSeconds(20);
        });
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync("""452-["echo",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":1}]]""");
        await session.SendAsync([1]);
        Assert.Equal("2", await session.NextAsync());
        await session.SendAsync("3");
        await session.SendAsync([2]);
        var packets = new List<string>();
        while (packets.Count < 3)
        {
            if (await session.NextAsync() is var packet && packet != "2")
                packets.Add(packet);
        }
        Assert.Equal(["""452-["echo",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]""", "<02>", "<02>"], packets);
    }

    [Fact]
    public async Task A_second_connection_of_one_client_has_its_own_acknowledgement_ids_and_the_namespace_counts_its_own()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var first = await wire.JoinWebSocketAsync();
        using var second = await wire.JoinWebSocketAsync();
        await first.SendAsync("""420["ask me","a"]""");
        Assert.Equal("""420["question","a"]""", await first.NextAsync());
        await second.SendAsync("""420["ask me","b"]""");
        Assert.Equal("""421["question","b"]""", await second.NextAsync());
        await second.SendAsync("""430["not asked"]"""); // the other's id
        await second.SendAsync("""431["B"]""");
        Assert.Equal("""430["B"]""", await second.NextAsync());
        await first.SendAsync("""430["A"]""");
        Assert.Equal("""430["A"]""", await first.NextAsync());
        await first.SendAsync("""430["again"]""");
        await first.LivesAsync();
    }
}
