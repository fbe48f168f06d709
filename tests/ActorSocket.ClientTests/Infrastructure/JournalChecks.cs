using System.Text.Json;

namespace ActorSocket.ClientTests.Infrastructure;

internal static class JournalChecks
{
    /// <summary>Checks that the server saw each of <c>{ reasons: { socket id: reason or [reasons] } }</c>, once.</summary>
    public static async Task SawAsync(this Journal journal, JsonElement result)
    {
        if (!result.TryGetProperty("reasons", out var reasons))
            return;

        foreach (var expected in reasons.EnumerateObject())
        {
            var possible = expected.Value.ValueKind is JsonValueKind.Array ? expected.Value.EnumerateArray().ToArray() : [expected.Value];
            await journal.SeenAnyAsync([.. possible.Select(reason => $"{expected.Name} disconnect {reason.GetString()}")]);
            string[] ends = ["disconnecting", "disconnect"];
            Assert.Equal(ends, journal.About(expected.Name).Select(line => line.Split(' ')[1]).Where(word => ends.Contains(word)));
        }
    }
}
