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
    public Task Binary_and_text_events_keep_their_order(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Ten_attachments_pass_and_eleven_end_the_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_binary_broadcast_reaches_every_member_whole(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_with_the_msgpack_parser_exchanges_everything(string mode) => RunAsync(mode, static options => options.Parser = SocketIoParser.MessagePack);

    [Theory]
    [EachTransport]
    public Task Every_kind_of_binary_comes_back_as_its_bytes(string mode) => RunAsync(mode);
}
