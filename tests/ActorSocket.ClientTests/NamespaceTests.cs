using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Namespaces on one connection, by the official JavaScript client. The cases are in node/namespaces.mjs.</summary>
public sealed class NamespaceTests(ITestOutputHelper output) : ClientTest("namespaces", output)
{
    [Theory]
    [EachTransport]
    public Task Three_namespaces_share_one_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Events_and_rooms_of_a_namespace_stay_in_it(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Leaving_one_namespace_leaves_the_others_alone(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_pattern_makes_namespaces_as_clients_ask_for_them(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_namespace_may_have_a_name_of_any_script(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Joining_leaving_and_joining_again_at_once_harms_no_other_namespace(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Events_to_several_namespaces_are_acknowledged_in_the_order_they_were_sent(string mode) => RunAsync(mode);
}
