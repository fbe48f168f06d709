using System.Text.Json;
using ActorSocket.Data;

namespace ActorSocket.Tests.Data;

/// <summary>Bytes that another node sent, and that need not be what this one would write.</summary>
public sealed class DataFormatTests
{
    [Fact]
    public void A_kind_that_this_version_does_not_know_is_JSON_and_names_no_type()
    {
        var value = DataFormat.Read("System.IO.FileInfo", """{"fileName":"/"}"""u8.ToArray());
        Assert.Equal("""{"fileName":"/"}""", Assert.IsType<JsonElement>(value).GetRawText());
    }

    [Theory]
    [InlineData("i4", "\"text\"")]
    [InlineData("i4", "")]
    [InlineData("g", "\"no guid\"")]
    [InlineData("x", "7")]
    [InlineData("", "{")]
    [InlineData(DataFormat.Principal, "x")]
    public void What_was_not_written_so_is_a_FormatException(string kind, string bytes) =>
        Assert.Throws<FormatException>(() => DataFormat.Read(kind, System.Text.Encoding.UTF8.GetBytes(bytes)));
}
