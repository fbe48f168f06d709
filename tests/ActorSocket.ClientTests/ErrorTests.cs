using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>What the official JavaScript client sees of a handler that fails. The cases are in node/errors.mjs.</summary>
public sealed class ErrorTests(ITestOutputHelper output) : ClientTest("errors", output)
{
    [Theory]
    [EachTransport]
    public Task An_event_that_fails_is_answered_with_an_error(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_function_of_the_guide_throws_it(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_may_show_more(string mode) => RunAsync(mode, ["AnswerUnknownEvents=true", "EnableDetailedErrors=true"]);

    [Theory]
    [EachTransport]
    public Task An_error_ends_the_retries_of_a_client(string mode) => RunAsync(mode, ["AutoAck=true"]);

    [Theory]
    [EachTransport]
    public Task What_is_too_much_is_refused_and_who_does_not_stop_is_disconnected(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task What_is_not_valid_is_answered_member_by_member(string mode) => RunAsync(mode, ["ValidateArguments=true"]);
}
