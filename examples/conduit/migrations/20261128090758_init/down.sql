-- Undoes 20261128090758_init

ALTER TABLE article DROP CONSTRAINT article_author_fkey;

ALTER TABLE article_tag DROP CONSTRAINT article_tag_article_fkey;

ALTER TABLE article_tag DROP CONSTRAINT article_tag_tag_fkey;

ALTER TABLE comment DROP CONSTRAINT comment_article_fkey;

ALTER TABLE comment DROP CONSTRAINT comment_author_fkey;

ALTER TABLE favorite DROP CONSTRAINT favorite_article_fkey;

ALTER TABLE favorite DROP CONSTRAINT favorite_member_fkey;

ALTER TABLE follow DROP CONSTRAINT follow_followed_fkey;

ALTER TABLE follow DROP CONSTRAINT follow_follower_fkey;

ALTER TABLE member_token DROP CONSTRAINT member_token_member_fkey;

-- loses data
DROP TABLE article;

-- loses data
DROP TABLE article_tag;

-- loses data
DROP TABLE comment;

-- loses data
DROP TABLE favorite;

-- loses data
DROP TABLE follow;

-- loses data
DROP TABLE member;

-- loses data
DROP TABLE member_token;

-- loses data
DROP TABLE tag;
