using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Binary data, both ways, by the official JavaScript client. The cases are in node/binary.mjs.</summary>
public sealed class BinaryTests(ITestOutputHelper output) : ClientTest("binary", output)
{
    [Theory]
    [EachTransport]
    public Task Buffers_ArrayBuffers_and_typed_arrays_come_back_as_bytes(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Nested_binary_keeps_its_place(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Binary_travels_in_acknowledgements_both_ways(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Typed_handlers_read_bytes_anywhere_in_the_graph(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Large_binary_is_byte_identical(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Two_buffers_may_be_bigger_together_than_one_message(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Half_an_emoji_arrives_as_the_replacement_character(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Binary_and_text_events_keep_their_order(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Ten_attachments_pass_and_eleven_end_the_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_binary_broadcast_reaches_every_member_whole(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_with_the_msgpack_parser_exchanges_everything(string mode) => RunAsync(mode, profile: "msgpack");

    [Theory]
    [EachTransport]
    public Task Every_kind_of_binary_comes_back_as_its_bytes(string mode) => RunAsync(mode);

    /// <summary>
    /// The client's browser build, with the WebSocket that Node.js 20 hides behind a flag; its XMLHttpRequest is not there. Chromium:
    /// <see cref="BrowserTests"/>.
    /// </summary>
    [Fact]
    public async Task Blobs_and_files_come_back_as_their_bytes()
    {
        await using var host = await HostProcess.StartAsync(Output, "default");
        await using var client = await ScriptClient.StartJavaScriptAsync(
            "binary",
            nameof(Blobs_and_files_come_back_as_their_bytes),
            host.Url,
            "websocket",
            ("NODE_OPTIONS", "--experimental-websocket")
        );
        await client.FinishAsync();
    }

    [Theory]
    [EachTransport]
    public Task A_Blob_of_the_Nodejs_build_is_text_and_ends_the_connection(string mode) => RunAsync(mode);
}
